import { Rejection } from "../../shared/rejection.ts";

/**
 * Refuses JSON that no schema should have to handle: nested too deeply (`too_large`), or with keys that would reach an
 * object's prototype (`invalid_payload`). Does not recurse, so that deep input cannot overflow the stack.
 */
export function inspectJson(payload: unknown, maxDepth: number): void {
  let level: object[] = isObject(payload) ? [payload] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) throw new Rejection("too_large", `The payload is nested more than ${maxDepth} levels deep.`);
    const below: object[] = [];
    for (const value of level) {
      if (ArrayBuffer.isView(value)) throw fault("", "must be JSON, without binary attachments");
      if (Object.hasOwn(value, "__proto__")) throw fault("__proto__", "is not a key that a payload may have");
      for (const inner of Object.values(value)) if (isObject(inner)) below.push(inner);
    }
    level = below;
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const fault = (path: string, message: string) =>
  new Rejection("invalid_payload", `The payload is not valid: ${path ? `${path} ` : "it "}${message}.`, [
    { path, message },
  ]);
