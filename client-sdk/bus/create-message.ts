/** A message of an application's own, for its bus. */
export interface Message<Payload> {
  id: string;
  type: string;
  payload: Payload;
  /** ISO 8601 UTC. */
  timestamp: string;
  correlationId: string | null;
}

/** Without an id it gets one that is nobody else's. */
export function createMessage<Payload>(
  type: string,
  payload: Payload,
  { id = createId(), correlationId = null }: { id?: string; correlationId?: string | null } = {},
): Message<Payload> {
  return { id, type, payload, timestamp: new Date().toISOString(), correlationId };
}

/** 128 bits of chance. `crypto.randomUUID` is not there on pages without HTTPS. */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
