import type { Envelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import { codeOf } from "../../shared/rejection.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { EventSpans } from "../observe/event-spans.ts";
import type { Transactions } from "../store/documents/transactions.ts";
import type { EventLog } from "../store/log/event-log.ts";

/** The three ports through which an event gets into a room. */
interface WritePath {
  log: EventLog;
  transactions: Transactions;
  broadcast: Broadcast;
}

/** Called once for each event that this instance has accepted; `position` is absent where it is in no log. */
type OnAccepted = (event: Envelope, position?: Position) => void;

/** The same ports; accepted events are reported to listeners and, with `spans`, each write of an event is a span. */
export function observeWrites({ log, transactions, broadcast }: WritePath, spans: EventSpans | undefined) {
  const listeners: OnAccepted[] = [];
  const accepted: OnAccepted = (event, position) => {
    for (const listener of listeners) listener(event, position);
  };

  const observed: WritePath = {
    log: {
      async append(name, event, dedupe) {
        const span = spans?.publishing(event);
        try {
          const appended = await log.append(name, event, dedupe);
          if (span) spans?.kept(span, event, appended.position, appended.duplicate);
          if (!appended.duplicate) accepted(event, appended.position);
          return appended;
        } catch (error) {
          if (span) spans?.lost(span, event, codeOf(error));
          throw error;
        }
      },
      read: (name, after, limit) => log.read(name, after, limit),
      readBack: (name, before, limit) => log.readBack(name, before, limit),
      bounds: (name) => log.bounds(name),
      follow: (name, follower) => log.follow(name, follower),
    },
    transactions: {
      async commit(transaction) {
        const begun = transaction.events.map((event) => ({ event, span: spans?.publishing(event) }));
        const lose = (why: string) => {
          for (const { event, span } of begun) if (span) spans?.lost(span, event, why);
        };
        try {
          const positions = await transactions.commit(transaction);
          if (!positions) lose("conflict");
          for (const [index, position] of (positions ?? []).entries()) {
            const write = begun[index];
            if (write?.span) spans?.kept(write.span, write.event, position);
            if (write) accepted(write.event, position);
          }
          return positions;
        } catch (error) {
          lose(codeOf(error));
          throw error;
        }
      },
    },
    broadcast: {
      send(message) {
        broadcast.send(message);
        if (message.kind === "event") accepted(message.event);
      },
      listen: (listener) => broadcast.listen(listener),
    },
  };
  return { ...observed, onAccepted: (listener: OnAccepted) => void listeners.push(listener) };
}
