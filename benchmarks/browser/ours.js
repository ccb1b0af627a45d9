/** The built core as the loader drives it: a model of the magic's widget, deltas as messages, the text as a trait at the end. */
import { close, hear, render } from "/core.js";

export function start(pane) {
  const traits = { _kind: "answer", _core_id: "", state: "streaming", message: "", reasoning: "", model: "bench/essay", error: null };
  const listeners = new Map();
  const model = {
    get: (name) => traits[name],
    send: () => undefined,
    on: (name, callback) => listeners.set(name, [...(listeners.get(name) ?? []), callback]),
    off: (name, callback) => listeners.set(name, (listeners.get(name) ?? []).filter((known) => known !== callback)),
  };
  const entry = { model, queue: [] };
  const end = new AbortController();
  let sent = "";
  render(entry, pane, end.signal);
  return {
    feed(text) {
      const offset = sent.length;
      sent += text;
      hear(entry, { type: "delta", answer: 1, offset, text, reasoning_offset: 0, reasoning: "", extras_sent: 0, reasoning_seconds: null, tokens: sent.length >> 2, seconds: sent.length / 8000 });
    },
    finish() {
      Object.assign(traits, { state: "done", message: sent });
      for (const callback of listeners.get("change:state") ?? []) callback(model);
    },
    close() {
      end.abort();
      close(entry);
    },
  };
}
