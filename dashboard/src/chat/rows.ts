import type { ConversationView } from "./model/conversation-store.ts";
import type { Entry } from "./model/entry.ts";
import type { Outgoing } from "./model/outgoing.ts";
import type { Answer } from "./model/streaming-responses.ts";

/** What stands below each other in a conversation. `isFirst`: of several by the same person, which share a heading. */
export type Row =
  | { kind: "top"; key: string; hasEarlier: boolean }
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string }
  | { kind: "gap"; key: string; reason: string }
  | { kind: "entry"; key: string; entry: Entry; isFirst: boolean }
  | { kind: "writing"; key: string; answer: Answer }
  | { kind: "outgoing"; key: string; message: Outgoing; isFirst: boolean };

/** Longer pauses begin a new heading. */
const pauseMs = 5 * 60_000;

/** `newFrom`: the entry above which the new ones begin. */
export function rowsOf(view: ConversationView, newFrom: string | null, me: string | null): Row[] {
  const rows: Row[] = [{ kind: "top", key: "top", hasEarlier: view.hasEarlier }];
  let before: Entry | undefined;
  for (const entry of view.entries) {
    if (entry.kind === "gap") {
      rows.push({ kind: "gap", key: entry.id, reason: entry.text });
      before = undefined;
      continue;
    }
    const isNewDay = !before || dayOf(before.at) !== dayOf(entry.at);
    if (isNewDay) rows.push({ kind: "day", key: `day-${entry.id}`, at: entry.at });
    if (entry.id === newFrom) rows.push({ kind: "new", key: "new" });
    const isFirst = isNewDay || entry.id === newFrom || !before || !belongsTogether(before, entry);
    rows.push({ kind: "entry", key: entry.id, entry, isFirst });
    before = entry;
  }
  for (const answer of view.writing) rows.push({ kind: "writing", key: `writing-${answer.responseId}`, answer });
  for (const [index, message] of view.outgoing.entries()) {
    const isFirst = index === 0 && (view.writing.length > 0 || before?.sender?.userId !== me);
    rows.push({ kind: "outgoing", key: `out-${message.id}`, message, isFirst });
  }
  return rows;
}

function belongsTogether(one: Entry, other: Entry): boolean {
  return one.sender?.userId === other.sender?.userId && one.kind === other.kind && other.at - one.at < pauseMs;
}

function dayOf(at: number): string {
  return new Date(at).toDateString();
}
