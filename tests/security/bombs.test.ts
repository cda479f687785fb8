import { promisify } from "node:util";
import { brotliCompress, deflate, gzip } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import type { Problem } from "../../shared/http/problem.ts";
import { tokenOf } from "../support/tokens.ts";
import { heapInUse, startTarget } from "./target.ts";

/** Compressed it is less than a body may have, by far. */
const bomb = Buffer.from(`{"message":"${"x".repeat(48 * 2 ** 20)}"}`);

describe("bodies that expand", () => {
  it.each([
    ["gzip", promisify(gzip)],
    ["deflate", promisify(deflate)],
    ["br", promisify(brotliCompress)],
  ])("SEC-5 a body that expands by %s is refused when it exceeds the size limit", async (encoding, compress) => {
    const { server, unharmed } = await startTarget();
    const body = new Uint8Array(await compress(bomb));
    const before = heapInUse();

    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${server.url}/api/conversations/42/messages`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${tokenOf("mallory")}`,
            "content-type": "application/json",
            "content-encoding": encoding,
          },
          body,
        }),
      ),
    );
    const problems = await Promise.all(answers.map(async (answer) => (await answer.json()) as Problem));

    expect(body.byteLength).toBeLessThan(65_536);
    expect(problems.map(({ status, code }) => `${status} ${code}`)).toEqual(answers.map(() => "413 too_large"));
    expect(heapInUse() - before).toBeLessThan(20);
    await unharmed();
  });
});
