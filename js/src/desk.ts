/** What the page keeps of one chat for all its views: what is being written, the list of models, the height. */
import { modalitiesOf } from "./attachable";
import { Catalogue, type Listed } from "./catalogue";
import { Draft, type Sender } from "./draft";
import type { Attached, Turn } from "./protocol";

export interface Desk {
  draft: Draft;
  catalogue: Catalogue;
  /** In pixels; null is as high as the text. */
  height: { value: number | null };
}

export interface Orders extends Sender {
  models(): Promise<Listed>;
  stop(): void;
}

/** The desk of a chat whose model lives until `signal` aborts. */
export function newDesk(orders: Orders, signal: AbortSignal): Desk {
  return { draft: new Draft(orders, signal), catalogue: new Catalogue(() => orders.models()), height: { value: null } };
}

/** What a model must be able to take: the files of a draft, and those of the turns that go out with it. */
export function neededModalities(draft: Iterable<{ kind: Attached["kind"] }>, turns: readonly Turn[]): Set<string> {
  return modalitiesOf([...draft, ...turns.flatMap((turn) => turn.attachments ?? [])]);
}
