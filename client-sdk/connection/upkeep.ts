import type { Namespace } from "../../shared/namespace.ts";
import type { Logger } from "../log/logger.ts";
import type { Link } from "../transport/transport.ts";
import type { Environment } from "./environment.ts";
import type { TokenSource } from "./token-source.ts";

export interface UpkeepDeps {
  namespaces: readonly Namespace[];
  tokens: TokenSource;
  environment: Environment;
  logger: Logger;
  /** The link in force. */
  current(): Link | undefined;
}

/** What keeps a connection alive without anybody's doing: pings are answered, tokens renewed. */
export interface Upkeep {
  readonly roundTripMs: number | null;
  begin(link: Link): void;
  message(namespace: Namespace, name: string, data: unknown): void;
}

/** A renewal that failed is tried again, since the token has a minute left when it begins. */
const renewalDelayMs = 5_000;
const renewalAttempts = 8;

export function createUpkeep({ namespaces, tokens, environment, logger, current }: UpkeepDeps): Upkeep {
  let roundTripMs: number | null = null;

  function pong(link: Link, namespace: Namespace, timestamp: number): void {
    const sentAt = environment.now();
    link.command(namespace, "system.pong", { timestamp }, () => {
      roundTripMs = environment.now() - sentAt;
    });
  }

  async function renew(link: Link, namespace: Namespace, attempt = 1): Promise<void> {
    const answer = await tokens.ask();
    if (link !== current()) return;
    const again = () => {
      if (attempt >= renewalAttempts) return logger.warn("the token could not be renewed");
      environment.after(renewalDelayMs, () => {
        if (link === current()) void renew(link, namespace, attempt + 1);
      });
    };
    // Nothing is ended here: a token that is not renewed in time ends the connection, and the machine knows what then.
    if (!("token" in answer)) return answer.error ? undefined : again();
    // The page goes on with its session by itself, and the next connection is of that.
    if (answer.token === undefined) return;
    link.command(namespace, "system.token.refresh", { token: answer.token }, (reply) => {
      if (reply.ok) return logger.debug("the token was renewed");
      if (reply.error.retryable) again();
      else logger.warn(`the new token was refused: ${reply.error.code}`);
    });
  }

  return {
    get roundTripMs() {
      return roundTripMs;
    },
    begin(link) {
      const [first] = namespaces;
      // Over HTTP there is nobody to hear it.
      if (first && link.via === "websocket") pong(link, first, environment.now());
    },
    message(namespace, name, data) {
      const link = current();
      if (!link) return;
      if (name === "system.ping") pong(link, namespace, (data as { timestamp: number }).timestamp);
      if (name === "system.token.expiring" && tokens.canRenew) void renew(link, namespace);
    },
  };
}
