import type { DisconnectReason } from "../../shared/disconnect-table.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { TransportName } from "../connection/connection-machine.ts";

/** Who the server takes us for. */
export interface Established {
  connectionId: string;
  userId: string;
}

/** What a link tells. After `refused`, `failed` or `dropped` it is over, and tells nothing more. */
export interface LinkListener {
  /** Every namespace has let us in. */
  opened(established: Established): void;
  /** A namespace has not. */
  refused(error: ReplyError): void;
  /** There was nobody to ask. */
  failed(why: string): void;
  dropped(end: { reason?: DisconnectReason; retryAfterMs?: number | undefined }): void;
  /** An event or a message of the system; `answer` is there where the server wants one. */
  message(namespace: Namespace, name: string, data: unknown, answer?: (data: unknown) => void): void;
}

/** One connection, from its opening to its end. It never comes back by itself. */
export interface Link {
  readonly via: TransportName;
  /**
   * `answer` is called in the very turn in which the reply arrives, so that nothing that is behind it is handled
   * before it; it is never called when the link ends first.
   */
  command(namespace: Namespace, name: string, payload: unknown, answer: (reply: Reply<unknown>) => void): void;
  /** Silently: the listener hears nothing more. */
  close(): void;
}

/** A way to the server. */
export interface Transport {
  /** Without a token the browser's cookie stands for one. */
  open(options: { token: string | undefined; namespaces: readonly Namespace[] }, listener: LinkListener): Link;
}
