import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Access } from "../access/access.ts";
import type { TokenVerifier } from "../access/token-verifier.ts";
import { leaveForbiddenRooms } from "../rooms/forbidden-rooms.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Subscriptions } from "../rooms/subscriptions.ts";
import { timestampAt } from "../runtime/clock.ts";
import { mayEnter } from "../session/principal.ts";
import type { Session } from "../session/session.ts";

interface SessionHandlersDeps {
  verifier: TokenVerifier;
  access: Access;
  rooms: Rooms;
  subscriptions: Subscriptions;
}

type Refresh = "system.token.refresh";

/** The commands that every namespace has. SPEC CONN-6, CONN-9. */
export function createSessionHandlers({ verifier, access, rooms, subscriptions }: SessionHandlersDeps) {
  return {
    // Nothing to do: the door has noted the time of the message.
    "system.pong": async () => ({}),

    "system.token.refresh": async (
      { token }: CommandPayload<"/chat", Refresh>,
      session: Session,
    ): Promise<CommandData<"/chat", Refresh>> => {
      const principal = await verifier.verify(token);
      if (principal.userId !== session.principal.userId)
        throw new Rejection("forbidden", "The token belongs to another user.");
      const namespaces = session.offeredNamespaces.filter((namespace) => mayEnter(principal, namespace));
      if (namespaces.length === 0)
        throw new Rejection("forbidden", "The roles of the token do not allow this connection.");
      // A connection that was authenticated by a cookie still ends with that cookie session.
      session.principal = { ...principal, cookieSession: session.principal.cookieSession };
      session.namespaces = namespaces;
      session.transport.refreshed?.();
      session.isExpiryAnnounced = false;
      subscriptions.leaveForbidden(session);
      await leaveForbiddenRooms(session, rooms.roomsOf(session), { access, rooms }, "forbidden");
      return { tokenExpiresAt: timestampAt(principal.expiresAt) };
    },
  };
}
