/** An application message for the bus. */
export interface Message<Payload> {
  id: string;
  type: string;
  payload: Payload;
  /** ISO 8601 UTC. */
  timestamp: string;
  correlationId: string | null;
}

/** Without an `id` a unique one is generated. */
export function createMessage<Payload>(
  type: string,
  payload: Payload,
  { id = createId(), correlationId = null }: { id?: string; correlationId?: string | null } = {},
): Message<Payload> {
  return { id, type, payload, timestamp: new Date().toISOString(), correlationId };
}

/** 128 random bits. Pages without HTTPS have no `crypto.randomUUID`. */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
