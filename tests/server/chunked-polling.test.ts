import { describe, expect, it } from "@jest/globals";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";

describe("a polling request without a length", () => {
  it("SIZE-2 is accepted, as proxies that do not buffer bodies send it, and held to the limit", async () => {
    const server = await startServer({ store: "memory" });
    const url = `${server.url}/socket.io/?EIO=4&transport=polling`;
    const open = async () => {
      const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
      return `${url}&sid=${sid}`;
    };
    const post = (to: string, text: string) =>
      fetch(to, { method: "POST", body: new Blob([text]).stream(), duplex: "half" } as RequestInit);

    const session = await open();
    const entered = await post(session, `40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
    const heard = await (await fetch(session)).text();
    const tooLarge = await post(await open(), "4".repeat(2_000_000)).then(
      ({ status }) => status,
      () => "ended",
    );

    expect([entered.status, heard]).toEqual([200, expect.stringContaining("40/chat,")]);
    expect([413, "ended"]).toContain(tooLarge);
  });
});
