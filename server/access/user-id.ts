import { createHash } from "node:crypto";
import { Identifier, type UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";

/**
 * The user id for a token's `sub`, which may be any text. A subject that is a valid id is used as it is. Any other is
 * encoded, and begins with `~`, as no valid id does:
 *
 *   ada             ada
 *   f:5f3b:jdoe     ~f=3A5f3b=3Ajdoe     UTF-8 bytes, with `=` and two digits for all but letters, digits and . _ @ | + -
 *   longer than 127 ~~SHA-256            base64url, of the UTF-8 bytes
 *
 * Different subjects have different ids. SPEC CONN-12.
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
