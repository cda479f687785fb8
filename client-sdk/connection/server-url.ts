/** Where the server is, without a slash at its end; in a browser, if nothing is given, where the page is from. */
export function serverUrl(url?: string): string {
  return (url ?? originOfPage()).replace(/\/$/, "");
}

function originOfPage(): string {
  const host: { setTimeout: unknown; location?: { origin: string } } = globalThis;
  if (!host.location) throw new TypeError("A client needs a url where there is no page.");
  return host.location.origin;
}
