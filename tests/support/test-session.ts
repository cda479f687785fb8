import { randomUUID } from "node:crypto";
import type { Principal } from "../../server/session/principal.ts";
import { Session, type SessionOptions } from "../../server/session/session.ts";
import { TokenBucket } from "../../server/session/token-bucket.ts";
import type { DisconnectReason } from "../../shared/disconnect-reason.ts";
import type { ConnectionId, UserId } from "../../shared/ids.ts";
import { ManualClock } from "./manual-clock.ts";

/** What a session did with its door. */
export interface TestSession {
  session: Session;
  sent: { name: string; data: unknown }[];
  rooms: Set<string>;
  closedFor: DisconnectReason[];
}

/** A user who may do nothing special. */
export function principalOf(sub: string, principal: Partial<Principal> = {}): Principal {
  return {
    userId: sub as UserId,
    name: null,
    roles: ["user"],
    grants: [],
    sessionId: null,
    tokenId: null,
    expiresAt: Date.now() + 3_600_000,
    ...principal,
  };
}

/** An active session without a connection behind it. */
export function createTestSession(options: Partial<SessionOptions> = {}): TestSession {
  const clock = options.clock ?? new ManualClock();
  const plenty = () => new TokenBucket({ perSecond: 1_000_000, burst: 1_000_000 }, clock);
  const session = new Session({
    connectionId: randomUUID() as string as ConnectionId,
    principal: principalOf("ada"),
    namespaces: ["/chat"],
    door: "/chat",
    clock,
    commands: plenty(),
    watcher: {
      impossibleTransition: () => {},
      failed: (_session, error) => {
        throw error;
      },
    },
    ...options,
  });
  const test: TestSession = { session, sent: [], rooms: new Set(), closedFor: [] };
  session.activate({
    send: (name, data) => void test.sent.push({ name, data }),
    join: (room) => void test.rooms.add(room),
    leave: (room) => void test.rooms.delete(room),
    backlogBytes: () => 0,
    close: (reason) => void test.closedFor.push(reason),
  });
  return test;
}
