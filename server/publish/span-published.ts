import { Rejection } from "../../shared/rejection.ts";
import type { EventSpans } from "../observe/event-spans.ts";
import type { WaysIn } from "./watch-published.ts";

/** The same ways into the rooms, on which every event that is to be kept is a span until it is. */
export function spanPublished({ log, transactions, broadcast }: WaysIn, spans: EventSpans): WaysIn {
  return {
    log: {
      async append(name, event, dedupe) {
        const span = spans.publishing(event);
        try {
          const appended = await log.append(name, event, dedupe);
          spans.kept(span, event, appended.position, appended.duplicate);
          return appended;
        } catch (error) {
          spans.lost(span, event, codeOf(error));
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
        const begun = transaction.events.map((event) => ({ event, span: spans.publishing(event) }));
        const lose = (why: string) => {
          for (const { event, span } of begun) spans.lost(span, event, why);
        };
        try {
          const positions = await transactions.commit(transaction);
          if (!positions) lose("decided anew");
          positions?.forEach((position, index) => {
            const one = begun[index];
            if (one) spans.kept(one.span, one.event, position);
          });
          return positions;
        } catch (error) {
          lose(codeOf(error));
          throw error;
        }
      },
    },
    broadcast,
  };
}

const codeOf = (error: unknown) => (error instanceof Rejection ? error.error.code : "internal");
