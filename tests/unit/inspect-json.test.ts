import { describe, expect, it } from "@jest/globals";
import { inspectJson } from "../../server/route/inspect-json.ts";

const maxDepth = 8;

/** `{ "a": { "a": … } }` */
const nestedObjects = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`);
const nestedLists = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

const inspected = (payload: unknown) => () => inspectJson(payload, maxDepth);
const code = (code: string) => expect.objectContaining({ error: expect.objectContaining({ code }) });

describe("the inspection of JSON", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["text", "__proto__"],
    ["a number", 7],
    ["an object", { a: [1, { b: null }] }],
    ["objects as deep as it may be", nestedObjects(maxDepth)],
    ["lists as deep as it may be", nestedLists(maxDepth)],
    ["a long list", Array.from({ length: 10_000 }, (_, index) => ({ index }))],
    ["keys that only look like it", JSON.parse('{"_proto_":1,"constructor":{"prototype":2}}')],
  ])("ROUTE-4 %s passes", (_what, payload) => {
    expect(inspected(payload)).not.toThrow();
  });

  it.each([
    ["objects one level deeper", nestedObjects(maxDepth + 1)],
    ["lists one level deeper", nestedLists(maxDepth + 1)],
    ["the deep part at the end of a wide one", [1, { a: {} }, nestedLists(maxDepth)]],
    ["so deep that recursion would end the process", nestedLists(6_000)],
  ])("ROUTE-4 %s is refused as too_large", (_what, payload) => {
    expect(inspected(payload)).toThrow(code("too_large"));
  });

  it.each([
    ["at the top", '{"__proto__":{"admin":true}}'],
    ["further in", '{"a":[{"b":{"__proto__":null}}]}'],
    ["in a list", '[{"__proto__":1}]'],
  ])("ROUTE-4 the key __proto__ %s is refused as invalid_payload", (_where, json) => {
    expect(inspected(JSON.parse(json))).toThrow(code("invalid_payload"));
  });

  it.each([
    ["at the top", Buffer.from("binary")],
    ["further in", { a: [new Uint8Array(3)] }],
  ])("ROUTE-4 binary attachments %s are refused as invalid_payload", (_where, payload) => {
    expect(inspected(payload)).toThrow(code("invalid_payload"));
  });
});
