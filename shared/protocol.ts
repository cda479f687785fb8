/** Told to every client in `system.connection.established`. It changes when an old client would misunderstand the new server. */
export const protocolVersion = 1;
