/** What is used of an anywidget model and of the kernel behind it, where the host lets us reach it. */

/** The model that anywidget gives to a widget. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown, callbacks?: unknown, buffers?: unknown): void;
  on(name: string, callback: (...args: never[]) => void): void;
  off(name: string, callback: (...args: never[]) => void): void;
  widget_manager?: unknown;
}

/** What is used of ipywidgets' own model. */
export interface RealModel extends Model {
  comm?: { on_msg(hear: (message: unknown) => unknown): void; send(message: unknown): unknown };
  _handle_comm_msg?: (message: unknown) => Promise<unknown>;
}

/** A signal of JupyterLab's: called with its sender and a value. */
interface Signal<T> {
  connect(slot: (sender: unknown, value: T) => void): unknown;
  disconnect(slot: (sender: unknown, value: T) => void): unknown;
}

/** The part of JupyterLab's and Notebook 7's kernel connection that Stop uses. */
export interface Kernel {
  clientId?: string;
  username?: string;
  statusChanged?: Signal<string>;
  disposed?: Signal<void>;
  interrupt?(): Promise<void>;
  sendControlMessage?(message: unknown, expectReply?: boolean, disposeOnDone?: boolean): unknown;
}

export function kernelOf(model: Model): Kernel | undefined {
  return (model.widget_manager as { kernel?: Kernel } | undefined)?.kernel;
}

/** Calls `gone` when the kernel behind a model has died or begun anew: its widgets are not in the new one. */
export function onceGone(model: Model, gone: () => void, signal: AbortSignal): void {
  const kernel = kernelOf(model);
  const onStatus = (_: unknown, status: string) => {
    if (/^(dead|restarting|autorestarting|terminating)$/.test(status)) gone();
  };
  kernel?.statusChanged?.connect(onStatus);
  kernel?.disposed?.connect(gone);
  signal.addEventListener("abort", () => {
    kernel?.statusChanged?.disconnect(onStatus);
    kernel?.disposed?.disconnect(gone);
  });
}

/** Whether the host marks a view as having no kernel side, as ipywidgets does. */
export function isCutOff(el: HTMLElement): boolean {
  return el.closest(".jupyter-widgets-disconnected") !== null;
}

/** The model of ipywidgets that stands behind the one given to us, with its id; null where the host does not let us reach it. */
export async function realModel(model: Model): Promise<{ id: string; real: RealModel } | null> {
  const layout = model.get("layout");
  const models = (model.widget_manager as { _models?: Record<string, Promise<RealModel>> } | undefined)?._models;
  if (!models || !layout || typeof layout !== "object") return null;
  // It is the one that has our layout object.
  const found = Object.entries(models).map(async ([id, promise]) => {
    const real = await promise;
    if (real.get("layout") !== layout || !real.get("_core_id")) throw new Error("another one");
    return { id, real };
  });
  return Promise.any(found).catch(() => null);
}

/** The model's id, which is its comm's id, or "" when the host does not tell. */
export async function modelId(model: Model, real: unknown): Promise<string> {
  for (const known of [model, real]) {
    const id = (known as { model_id?: unknown } | null)?.model_id;
    if (typeof id === "string") return id;
  }
  // No event has shown us the real model yet.
  return (await realModel(model))?.id ?? "";
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
