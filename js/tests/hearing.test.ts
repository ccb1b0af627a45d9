/** A model that anywidget has given up hears again; any other is left alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hearAgain } from "../src/hearing";
import type { Model } from "../src/kernel";

class Base {
  heard: unknown[] = [];
  async _handle_comm_msg(message: { content: { data: { method?: string } } }) {
    if (message.content.data.method) this.heard.push(message.content.data.method);
  }
}

class Any extends Base {
  ready: Promise<void> = Promise.resolve();
  layout: object = {};
  sent: unknown[] = [];
  listener: ((message: unknown) => unknown) | null = null;
  comm? = { on_msg: (hear: (message: unknown) => unknown) => void (this.listener = hear), send: (message: unknown) => void this.sent.push(message) };
  get(name: string) {
    return { layout: this.layout, _core_id: "c" }[name];
  }
  override async _handle_comm_msg(message: never) {
    await this.ready;
    return super._handle_comm_msg(message);
  }
}

/** What anywidget gives us of a model, in a page with others. */
function given(real: Any, ...others: Promise<unknown>[]): Model {
  const models = Object.fromEntries([...others, Promise.resolve(real)].map((model, at) => [`m${at}`, model]));
  return { get: (name: string) => real.get(name), widget_manager: { _models: models } } as never;
}

const update = { content: { data: { method: "update" } } };

test("what anywidget has given up hears through ipywidgets, and asks for what it has missed", async () => {
  const real = new Any();
  real.ready = Promise.reject(new Error("Failed to initialize model."));
  await hearAgain(given(real, Promise.resolve(new Any()), Promise.reject(new Error("unknown")), new Promise(() => {})));
  assert.deepEqual(real.sent, [{ method: "request_state" }]);
  await real.listener?.(update);
  assert.deepEqual(real.heard, ["update"]);
});

test("what hears is left alone", async () => {
  const real = new Any();
  await hearAgain(given(real));
  assert.deepEqual([real.listener, real.sent, real.heard], [null, [], []]);
});

test("a host that does not let us reach its model is left alone", async () => {
  const real = new Any();
  real.ready = Promise.reject(new Error("Failed to initialize model."));
  real.ready.catch(() => {});
  await hearAgain({ get: () => undefined, widget_manager: undefined } as never);
  await hearAgain({ ...given(real), widget_manager: { get_model: () => Promise.reject(new Error("no")) } } as never);
  await hearAgain(given(Object.assign(new Any(), { ready: real.ready, comm: undefined })));
  const odd = new Any();
  odd.ready = real.ready;
  Object.setPrototypeOf(odd, { get: Any.prototype.get, _handle_comm_msg: () => Promise.reject(new Error("other")) });
  await hearAgain(given(odd));
  assert.equal(odd.listener, null);
  assert.deepEqual(odd.sent, []);
});
