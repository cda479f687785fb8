/** Settings that the server writes into the page. */
interface ServerSettings {
  /** Path of Socket.IO. */
  socketPath: string;
  /** Whether the namespace `/admin` is enabled. */
  hasAdmin: boolean;
}

/** For Vite's development server, which does not fill in the page. */
const defaults: ServerSettings = { socketPath: "/socket.io", hasAdmin: true };

export const serverSettings: ServerSettings = read();

function read(): ServerSettings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="server-settings"]')?.content ?? "";
  return text.startsWith("{") ? { ...defaults, ...JSON.parse(text) } : defaults;
}
