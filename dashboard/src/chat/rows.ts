import type { ConversationView } from "./model/conversation-store.ts";
import type { Entry } from "./model/entry.ts";
import type { Outgoing } from "./model/outgoing.ts";
import type { StreamingResponse } from "./model/streaming-responses.ts";

/** A row of the message list. `isFirst`: the first of consecutive messages of one sender, which share a heading. */
export type Row =
  | { kind: "top"; key: string; hasEarlier: boolean }
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string }
  | { kind: "gap"; key: string; reason: string }
  | { kind: "entry"; key: string; entry: Entry; isFirst: boolean }
  | { kind: "streaming"; key: string; response: StreamingResponse }
  | { kind: "outgoing"; key: string; message: Outgoing; isFirst: boolean };

/** After a longer pause the heading is repeated. */
const groupingMs = 5 * 60_000;

/** `newFrom`: id of the first new entry. */
export function rowsOf(view: ConversationView, newFrom: string | null, me: string | null): Row[] {
  const rows: Row[] = [{ kind: "top", key: "top", hasEarlier: view.hasEarlier }];
  let before: Entry | undefined;
  for (const entry of view.entries) {
    if (entry.kind === "gap") {
      rows.push({ kind: "gap", key: entry.id, reason: entry.text });
      before = undefined;
      continue;
    }
    const isNewDay = !before || dateOf(before.at) !== dateOf(entry.at);
    if (isNewDay) rows.push({ kind: "day", key: `day-${entry.id}`, at: entry.at });
    if (entry.id === newFrom) rows.push({ kind: "new", key: "new" });
    const isFirst = isNewDay || entry.id === newFrom || !before || !isSameGroup(before, entry);
    rows.push({ kind: "entry", key: entry.id, entry, isFirst });
    before = entry;
  }
  for (const response of view.streaming) {
    rows.push({ kind: "streaming", key: `streaming-${response.responseId}`, response });
  }
  for (const [index, message] of view.outgoing.entries()) {
    const isFirst = index === 0 && (view.streaming.length > 0 || before?.sender?.userId !== me);
    rows.push({ kind: "outgoing", key: `out-${message.id}`, message, isFirst });
  }
  return rows;
}

function isSameGroup(one: Entry, other: Entry): boolean {
  return one.sender?.userId === other.sender?.userId && one.kind === other.kind && other.at - one.at < groupingMs;
}

function dateOf(at: number): string {
  return new Date(at).toDateString();
}
