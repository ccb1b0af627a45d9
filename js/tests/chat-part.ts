/** Puts the lazy part `chat` where a page keeps it, since Node cannot import it from a blob. */
import chat from "../src/part-chat";

const world = globalThis as unknown as Record<symbol, unknown>;
const now = { default: chat };
world[Symbol.for("jupyter_openrouter/chat/test-chat")] = { now, ready: Promise.resolve(now), take: () => undefined };
