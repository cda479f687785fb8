/** How long a provider may take to answer. */
const timeoutMs = 5_000;
/** A discovery document and a set of keys have a few thousand bytes. */
const maxBytes = 512 * 1024;

/** Reads a JSON document of a provider. Rejects with an `Error` that says what is wrong. */
export async function readJson(url: URL): Promise<unknown> {
  // Keys come from where the operator said, and from nowhere that somebody else might lead us to.
  const options: RequestInit = { redirect: "error", headers: { accept: "application/json" } };
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${url} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
