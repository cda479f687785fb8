/** Settings that the server writes into the page. */
interface ServerSettings {
  /** Path of the site below which the server is, or an empty string. */
  basePath: string;
  /** Path of Socket.IO, below the base path. */
  socketPath: string;
  /** Whether the namespace `/admin` is enabled. */
  hasAdmin: boolean;
}

/** For Vite's development server, which does not fill in the page. */
const defaults: ServerSettings = { basePath: "", socketPath: "/socket.io", hasAdmin: true };

export const serverSettings: ServerSettings = read();

/** Base URL of the server, for its clients. */
export const serverUrl = location.origin + serverSettings.basePath;

function read(): ServerSettings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="server-settings"]')?.content ?? "";
  return text.startsWith("{") ? { ...defaults, ...JSON.parse(text) } : defaults;
}
