import type { Cancel, Environment, EnvironmentChange, TextStore } from "./environment.ts";

interface EventSource {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

/** Browser globals that Node may lack; declared here, since the core is compiled without DOM types. */
interface Host extends EventSource {
  setTimeout: typeof setTimeout;
  document?: EventSource & { visibilityState: string };
  sessionStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, text: string): void;
    removeItem(key: string): void;
  };
}

const host: Host = globalThis;

/** The environment of a browser or of Node. */
export function createHostEnvironment(): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    after(ms, action) {
      // A longer delay overflows and fires at once.
      const timer = setTimeout(action, Math.min(ms, 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
    watch,
    session: sessionStore() ?? createMemoryStore(),
    fetch: (url, init) => fetch(url, init),
  };
}

export function createMemoryStore(): TextStore {
  const texts = new Map<string, string>();
  return {
    get: (key) => texts.get(key),
    set: (key, text) => void texts.set(key, text),
    delete: (key) => void texts.delete(key),
  };
}

function watch(listener: (change: EnvironmentChange) => void): Cancel {
  const { document } = host;
  const online = () => listener("online");
  const offline = () => listener("offline");
  const visibility = () => {
    if (document?.visibilityState === "visible") listener("visible");
  };
  host.addEventListener?.("online", online);
  host.addEventListener?.("offline", offline);
  document?.addEventListener?.("visibilitychange", visibility);
  return () => {
    host.removeEventListener?.("online", online);
    host.removeEventListener?.("offline", offline);
    document?.removeEventListener?.("visibilitychange", visibility);
  };
}

/** Where storage is blocked, reading the property throws. */
function sessionStore(): TextStore | undefined {
  try {
    const { sessionStorage } = host;
    if (!sessionStorage) return undefined;
    return {
      get: (key) => sessionStorage.getItem(key) ?? undefined,
      set: (key, text) => sessionStorage.setItem(key, text),
      delete: (key) => sessionStorage.removeItem(key),
    };
  } catch {
    return undefined;
  }
}
