import { Rejection } from "../../shared/rejection.ts";

/**
 * Refuses JSON that no schema should have to handle: nested too deeply (`too_large`), or with keys that would reach an
 * object's prototype (`invalid_payload`). Does not recurse, so that deep input cannot overflow the stack.
 *
 * Returns the number of fields of all objects, or `NaN` if a number is so large that it may have been rounded.
 */
export function inspectJson(payload: unknown, maxDepth: number): number {
  let fields = 0;
  let level: readonly object[] = isObject(payload) ? [payload] : nothing;
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) throw new Rejection("too_large", `The payload is nested more than ${maxDepth} levels deep.`);
    let below: object[] | undefined;
    for (const value of level) {
      if (ArrayBuffer.isView(value)) throw fault("", "must be JSON, without binary attachments");
      if (Object.hasOwn(value, "__proto__")) throw fault("__proto__", "is not a key that a payload may have");
      const inside = Object.values(value);
      if (!Array.isArray(value)) fields += inside.length;
      for (const inner of inside) {
        if (isObject(inner)) below = withNext(below, inner);
        else if (typeof inner === "number" && Math.abs(inner) > Number.MAX_SAFE_INTEGER) fields = Number.NaN;
      }
    }
    level = below ?? nothing;
  }
  return fields;
}

const nothing: readonly object[] = [];

function withNext(list: object[] | undefined, next: object): object[] {
  if (!list) return [next];
  list.push(next);
  return list;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const fault = (path: string, message: string) =>
  new Rejection("invalid_payload", `The payload is not valid: ${path ? `${path} ` : "it "}${message}.`, [
    { path, message },
  ]);
