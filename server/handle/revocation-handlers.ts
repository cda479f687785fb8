import type { CommandData, CommandPayload } from "../../shared/commands/catalogue.ts";
import type { Revocations } from "../access/revocation/revocations.ts";
import { timestampAt } from "../runtime/clock.ts";
import type { Session } from "../session/session.ts";

interface RevocationHandlersDeps {
  revocations: Pick<Revocations, "revoke">;
  /** Writes an entry of the audit log: the action, the user and the target. */
  audit(what: string, details: object): void;
}

/** SPEC REVOKE-1. */
export function createRevoke({ revocations, audit }: RevocationHandlersDeps) {
  return async (
    { userId, sessionId, tokenId, reason }: CommandPayload<"http", "revoke">,
    { principal }: Session,
  ): Promise<CommandData<"http", "revoke">> => {
    const [of, id] =
      userId !== undefined
        ? (["user", userId] as const)
        : sessionId !== undefined
          ? (["session", sessionId] as const)
          : (["token", String(tokenId)] as const);
    const { at } = await revocations.revoke({ of, id });
    audit("revoked", { by: principal.userId, of, id, reason });
    return { revokedAt: timestampAt(at) };
  };
}
