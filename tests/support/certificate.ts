import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach } from "@jest/globals";

const run = promisify(execFile);

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A certificate for this machine that signs itself. */
export interface Certificate {
  /** A file with the certificate and its key, as HAProxy reads it. */
  file: string;
  certificate: string;
}

/** Deleted after the test. */
export async function createCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-tls-"));
  folders.push(folder);
  const [key, crt, file] = [join(folder, "key.pem"), join(folder, "crt.pem"), join(folder, "both.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  await run("openssl", ["req", "-x509", "-days", "1", ...curve, ...names, "-out", crt]);
  const certificate = await readFile(crt, "utf8");
  await writeFile(file, certificate + (await readFile(key, "utf8")));
  return { file, certificate };
}
