import type { DisconnectReason } from "../../shared/disconnect-table.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { TransportName } from "../connection/connection-machine.ts";

/** Identity of an established connection. */
export interface Established {
  connectionId: string;
  userId: string;
}

/** Callbacks of a link. After `refused`, `failed` or `dropped` there are no further calls. */
export interface LinkListener {
  /** Every namespace has accepted the client. */
  opened(established: Established): void;
  /** A namespace has refused the client. */
  refused(error: ReplyError): void;
  /** No connection could be opened. */
  failed(why: string): void;
  /** The connection has ended. `reason` is from `system.connection.close`; close codes differ between browsers. */
  dropped(end: { reason?: DisconnectReason; retryAfterMs?: number | undefined }): void;
  /** An event or system message. `answer` is set when the server wants an acknowledgement. */
  message(namespace: Namespace, name: string, data: unknown, answer?: (data: unknown) => void): void;
}

/** A single connection. It does not reconnect. */
export interface Link {
  readonly via: TransportName;
  /**
   * Sends a command. `answer` is called synchronously when the reply arrives, before any later message is handled; it is
   * not called when the link ends first.
   */
  command(namespace: Namespace, name: string, payload: unknown, answer: (reply: Reply<unknown>) => void): void;
  /** Closes without calling the listener. */
  close(): void;
}

/** Opens links to the server. */
export interface Transport {
  /** Without a token the browser sends its cookie. */
  open(options: { token: string | undefined; namespaces: readonly Namespace[] }, listener: LinkListener): Link;
}
