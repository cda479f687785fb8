import type { Envelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Transactions } from "../store/documents/transactions.ts";
import type { EventLog } from "../store/log/event-log.ts";

export interface WaysIn {
  log: EventLog;
  transactions: Transactions;
  broadcast: Broadcast;
}

/** The same ways into the rooms, on which `published` is told of every event that was accepted on this instance. */
export function watchPublished(
  { log, transactions, broadcast }: WaysIn,
  published: (event: Envelope, position?: Position) => void,
): WaysIn {
  return {
    log: {
      async append(name, event, dedupe) {
        const appended = await log.append(name, event, dedupe);
        if (!appended.duplicate) published(event, appended.position);
        return appended;
      },
      read: (name, after, limit) => log.read(name, after, limit),
      readBack: (name, before, limit) => log.readBack(name, before, limit),
      bounds: (name) => log.bounds(name),
      follow: (name, follower) => log.follow(name, follower),
    },
    transactions: {
      async commit(transaction) {
        const positions = await transactions.commit(transaction);
        positions?.forEach((position, index) => {
          const event = transaction.events[index];
          if (event) published(event, position);
        });
        return positions;
      },
    },
    broadcast: {
      send(message) {
        broadcast.send(message);
        if (message.kind === "event") published(message.event);
      },
      listen: (listener) => broadcast.listen(listener),
    },
  };
}
