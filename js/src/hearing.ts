/**
 * Makes a model hear again. anywidget waits 2 seconds for the module of a widget; on a page that is slower it drops
 * every later message for that model, for good (seen in 0.9.21 to 0.11).
 */
import { type Model, type RealModel, realModel } from "./kernel";

type Handler = NonNullable<RealModel["_handle_comm_msg"]>;

/** Does nothing when it is handled. */
const NOTHING = { content: { data: {} } };

/** The handler of ipywidgets, which anywidget's own stands before. */
function below(real: RealModel): Handler | undefined {
  for (let at = Object.getPrototypeOf(real) as RealModel | null; at; at = Object.getPrototypeOf(at)) {
    if (at._handle_comm_msg && at._handle_comm_msg !== real._handle_comm_msg) return at._handle_comm_msg;
  }
  return undefined;
}

/** Leads the messages of a model that was given up past anywidget, and asks for what it has missed. */
export async function hearAgain(model: Model): Promise<void> {
  const real = (await realModel(model))?.real;
  if (!real?.comm || !real._handle_comm_msg) return;
  try {
    await real._handle_comm_msg(NOTHING);
  } catch {
    const handle = below(real);
    if (!handle) return;
    real.comm.on_msg((message) => handle.call(real, message));
    real.comm.send({ method: "request_state" });
  }
}
