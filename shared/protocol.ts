/** Sent to every client in `system.connection.established`. It changes when an old client would misunderstand a new server. */
export const protocolVersion = 1;
