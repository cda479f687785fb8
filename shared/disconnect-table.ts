/**
 * Why the server ends a connection, and what the client must do then:
 * `reconnect` by itself, get a `new-token`, or `stop`. `closeCode` is for the plain WebSocket doors.
 * Source: protocol sections 3 and 9. Apart from its schema and its words, to keep the client's package small.
 */
export const disconnectReasons = {
  server_shutdown: { closeCode: 1012, client: "reconnect" },
  token_expired: { closeCode: 4011, client: "new-token" },
  revoked: { closeCode: 4004, client: "stop" },
  kicked: { closeCode: 4004, client: "stop" },
  heartbeat_lost: { closeCode: 4010, client: "reconnect" },
  slow_consumer: { closeCode: 4009, client: "reconnect" },
  rate_limited: { closeCode: 4008, client: "stop" },
  protocol_error: { closeCode: 1002, client: "stop" },
  replaced: { closeCode: 4012, client: "stop" },
} as const satisfies Record<string, { closeCode: number; client: "reconnect" | "new-token" | "stop" }>;

export type DisconnectReason = keyof typeof disconnectReasons;
