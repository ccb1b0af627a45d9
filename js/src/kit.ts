/** What the core hands to the lazy part `chat`, which needs it and does not bring it a second time. */
import { sourceOf } from "./code";
import { whenIdle } from "./idle";
import type { Link } from "./link";
import { sourceOfMath } from "./math";
import { whenNear } from "./near";
import { ensureStyles } from "./styles";
import { AnswerView, settled } from "./view-answer";
import { FailureView } from "./view-failure";
import { Follow, ownEnd } from "./view-follow";
import { Frames, paceOf } from "./view-frames";
import { StatusView } from "./view-status";

export const kit = {
  AnswerView,
  FailureView,
  Follow,
  Frames,
  StatusView,
  ensureStyles,
  ownEnd,
  paceOf,
  settled,
  sourceOf,
  sourceOfMath,
  whenIdle,
  whenNear,
};

/** In the part only the types of these are imported: their code stays in the core. */
export type Kit = typeof kit;

export interface ChatPart {
  /** Shows a chat in `el` until `signal` aborts. */
  render(kit: Kit, link: Link, el: HTMLElement, signal: AbortSignal): void;
}
