import { describe, expect, it } from "@jest/globals";
import { assertExact } from "../../server/route/exact-json.ts";
import { inspectJson } from "../../server/route/inspect-json.ts";
import { Rejection } from "../../shared/rejection.ts";
import { withSeeds } from "../support/random.ts";

/** What is said of a text: the paths of its faults, or that there is none. */
function faultOf(text: string): string | undefined {
  try {
    assertExact(text, inspectJson(JSON.parse(text), 32));
    return undefined;
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const [{ path, message }] = error.error.details as [{ path: string; message: string }];
    return `${path} ${message.split(" ").at(-1)}`;
  }
}

describe("JSON that is not exact", () => {
  it.each<[text: string, fault: string | undefined]>([
    ['{"a":1,"b":{"a":1}}', undefined],
    ['{ "a" : 1 , "b" : [ { "a" : 1 } , { "a" : 2 } ] }', undefined],
    ['{"a":1,"a":1}', "a twice"],
    ['{"a" :1,"a":":"}', "a twice"],
    ['{"a":1,"\\u0061":2}', "a twice"],
    ['{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}', "a.b.1.c twice"],
    ['{"":1,"":2}', " twice"],
    ['{"__proto__x":1,"constructor":2}', undefined],
    ['{"a":":","b":"\\":","c":" : ","d":"\\\\"}', undefined],
    ['["a:b","\\"a\\":1"]', undefined],
    ['{"a":9007199254740991,"b":-9007199254740991}', undefined],
    ['{"a":9007199254740992}', "a string"],
    ['{"a":2512292042121000001}', "a string"],
    ['{"a":[1,{"b":-9007199254740993}]}', "a.1.b string"],
    ['{"a":"2512292042121000001"}', undefined],
    ['{"a":1e400}', "a string"],
    ['{"a":1e20,"b":0.30000000000000004,"c":12345678901234567890.5}', undefined],
    ['{"a":1e-400,"b":-0}', undefined],
    ["2512292042121000001", undefined],
  ])("JSON-1 of %s the fault is %s", (text, fault) => {
    expect(faultOf(text)).toBe(fault);
    // A long text is looked at in another way.
    expect(faultOf(`${" ".repeat(1_000)}${text}`)).toBe(fault);
  });

  it("JSON-1 what JSON.stringify writes has no fault, whatever is in its texts", async () => {
    await withSeeds(200, (random) => {
      const piece = () => random.pick([":", '"', "\\", "{", "a", ",", " ", "1234567890123456789", '":', "é"]);
      const text = () => Array.from({ length: random.between(0, 6) }, piece).join("");
      const value = (depth: number): unknown => {
        if (depth === 0 || random.chance(0.4)) return random.pick([text(), random.between(0, 1e15), true, null]);
        const inside = Array.from({ length: random.between(0, 4) }, () => value(depth - 1));
        return random.chance(0.5) ? inside : Object.fromEntries(inside.map((inner) => [text(), inner]));
      };

      expect(faultOf(JSON.stringify({ v: value(4), long: random.pick(["", "x".repeat(1_000)]) }))).toBeUndefined();
    });
  });
});
