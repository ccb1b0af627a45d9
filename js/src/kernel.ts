/** What is used of an anywidget model and of the kernel behind it, where the host lets us reach it. */

/** The model that anywidget gives to a widget. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown, callbacks?: unknown, buffers?: unknown): void;
  on(name: string, callback: (...args: never[]) => void): void;
  off(name: string, callback: (...args: never[]) => void): void;
  widget_manager?: unknown;
}

/** The part of JupyterLab's and Notebook 7's kernel connection that Stop uses. */
export interface Kernel {
  clientId?: string;
  username?: string;
  interrupt?(): Promise<void>;
  sendControlMessage?(message: unknown, expectReply?: boolean, disposeOnDone?: boolean): unknown;
}

export function kernelOf(model: Model): Kernel | undefined {
  return (model.widget_manager as { kernel?: Kernel } | undefined)?.kernel;
}

/** The model's id, which is its comm's id, or "" when the host does not tell. */
export async function modelId(model: Model, real: unknown): Promise<string> {
  for (const known of [model, real]) {
    const id = (known as { model_id?: unknown } | null)?.model_id;
    if (typeof id === "string") return id;
  }
  // No event has shown us the real model yet: it is the one that has our layout object.
  const layout = model.get("layout");
  const models = (model.widget_manager as { _models?: Record<string, Promise<Model>> } | undefined)?._models;
  if (!models || !layout || typeof layout !== "object") return "";
  for (const [id, promise] of Object.entries(models)) {
    const candidate = await promise.catch(() => null);
    if (candidate?.get("layout") === layout && candidate.get("_core_id")) return id;
  }
  return "";
}

/** Sends a Stop on the kernel's control channel, which is heard while the shell channel is blocked. */
export function stopByControl(kernel: Kernel | undefined, commId: string, id: string): boolean {
  if (!kernel?.sendControlMessage) return false;
  const message = {
    channel: "control",
    header: {
      msg_id: crypto.randomUUID?.() ?? `${id}-control`,
      msg_type: "comm_msg",
      session: kernel.clientId ?? "",
      username: kernel.username ?? "",
      date: new Date().toISOString(),
      version: "5.3",
    },
    parent_header: {},
    metadata: {},
    content: { comm_id: commId, data: { method: "custom", content: { type: "stop", id } } },
    buffers: [],
  };
  try {
    kernel.sendControlMessage(message, false, true);
    return true;
  } catch (error) {
    console.warn("[jupyter_openrouter] the control channel refused a Stop", error);
    return false;
  }
}
