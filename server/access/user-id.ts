import { createHash } from "node:crypto";
import { Identifier, type UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";

/**
 * The user id of a token's `sub`, which may be any text. An id stays as it is; others begin with `~`, as no id does:
 *
 *   ada             ada
 *   f:5f3b:jdoe     ~f=3A5f3b=3Ajdoe     UTF-8 bytes, with `=` and two digits for all but letters, digits and . _ @ | + -
 *   longer than 127 ~~SHA-256            base64url, of the UTF-8 bytes
 *
 * No two subjects have the same id. SPEC CONN-12.
 */
export function userIdOf(subject: string): UserId {
  if (Identifier.safeParse(subject).success) return subject as UserId;
  const id = `~${subject.replace(/[^\w.@|+-]/gu, escaped)}`;
  if (id.length <= limits.identifierLength) return id as UserId;
  return `~~${createHash("sha256").update(subject).digest("base64url")}` as UserId;
}

function escaped(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `=${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("");
}
