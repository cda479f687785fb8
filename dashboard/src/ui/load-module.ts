import { serverUrl } from "./server-settings.ts";

/** Further attempts reach another instance behind the same address, which may have the file during a deploy. */
const retryDelaysMs = [300, 1_500];
const reloadKey = "signalbox.reloaded-at";
/** Two reloads are at least this far apart: a reload that does not help must not become a loop. */
const reloadIntervalMs = 60_000;

const blockers = new Set<() => boolean>();

/** Prevents automatic reloads while `isBlocking` returns true. Returns a function that ends that. */
export function blockReloadWhile(isBlocking: () => boolean): () => void {
  blockers.add(isBlocking);
  return () => void blockers.delete(isBlocking);
}

/**
 * Imports a module that is loaded on demand. A page that was opened before a deploy asks for files that are gone then: it
 * reloads itself, once, if the server has another version. Otherwise rejects; it may be called again.
 */
export async function loadModule<Module>(load: () => Promise<Module>): Promise<Module> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  try {
    return await load();
  } catch (error) {
    if (!mayReload() || !(await isOutdated())) throw error;
    sessionStorage.setItem(reloadKey, String(Date.now()));
    location.reload();
    return new Promise(() => {});
  }
}

function mayReload(): boolean {
  if ([...blockers].some((isBlocking) => isBlocking())) return false;
  return Date.now() - Number(sessionStorage.getItem(reloadKey) ?? 0) > reloadIntervalMs;
}

/** Whether the server's page has another entry script than this one. */
async function isOutdated(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.src.split("/").at(-1);
  try {
    const page = await fetch(`${serverUrl}/`, { cache: "no-store", headers: { accept: "text/html" } });
    return page.ok && entry !== undefined && !(await page.text()).includes(entry);
  } catch {
    return false;
  }
}
