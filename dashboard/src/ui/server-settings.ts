/** What the server says of itself in the page. */
export interface ServerSettings {
  /** Where Socket.IO is. */
  socketPath: string;
  /** Whether there is a namespace `/admin`. */
  hasAdmin: boolean;
}

/** Where the page was not filled in, which is while it is being developed. */
const usual: ServerSettings = { socketPath: "/socket.io", hasAdmin: true };

export const serverSettings: ServerSettings = read();

function read(): ServerSettings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="server-settings"]')?.content ?? "";
  return text.startsWith("{") ? { ...usual, ...JSON.parse(text) } : usual;
}
