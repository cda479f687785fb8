import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Socket } from "socket.io-client";
import { errorCodes } from "../../shared/error-code.ts";
import { type Namespace, rolesOfNamespace } from "../../shared/namespace.ts";
import type { Reply } from "../../shared/reply.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { tokenOf } from "../support/tokens.ts";
import { within } from "../support/within.ts";
import { commandCases, weird } from "./arbitraries.ts";
import { secretConversation, startTarget, unlimited } from "./target.ts";

/** How many inputs are tried in all; `FUZZ_INPUTS=1000000 npm run fuzz` tries more. */
const inputs = Number(process.env.FUZZ_INPUTS ?? 10_000);
const batch = 50;
const timeoutMs = 60_000 + inputs * 20;

/** The same inputs every time, unless others are asked for. */
const seed = Number(process.env.FUZZ_SEED ?? 1);

/** So many batches, for a share of the inputs. What fails names its seed. */
const runs = (share: number) => ({ numRuns: Math.ceil((inputs * share) / batch), endOnFailure: true, seed });
interface Command {
  name: string;
  payload: unknown;
}

const batchesOf = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: batch, maxLength: batch });

/** Names of other people's things, and of one's own. */
const theirIds = [secretConversation, `conversation:${secretConversation}`, "user:ada", "user:bob", "ada", "bob"];
const ownIds = [
  "own",
  "conversation:own",
  "user:mallory",
  "mallory",
  "stream:s1",
  "task:t1",
  "*",
  "stream:*",
  "ui",
  "broadcast",
];

/** The replies, without those that an ended connection no longer hears: an admin may end their own. */
async function answers(socket: Socket, some: readonly Command[]): Promise<[Command, Reply<unknown>][]> {
  const answered: [Command, Reply<unknown>][] = [];
  const ended = new Promise<void>((resolve) => socket.once("disconnect", () => resolve()));
  const all = some.map(
    (command) =>
      new Promise<void>((resolve) =>
        socket.emit(command.name, command.payload, (reply: Reply<unknown>) => {
          answered.push([command, reply]);
          resolve();
        }),
      ),
  );
  await within(Promise.race([Promise.all(all), ended]), () => `${some.length} replies; there are ${answered.length}`);
  return answered;
}

/** A reply of the contract, which is no bug of ours. */
function expectProper(what: unknown, reply: Reply<unknown>): void {
  const code = reply.ok ? "ok" : reply.error.code;
  expect([what, code]).toEqual([what, expect.not.stringMatching(/^internal$/)]);
  if (!reply.ok) expect(Object.keys(errorCodes)).toContain(code);
}

describe("random input", () => {
  it.each<[Namespace, number]>([
    ["/chat", 0.3],
    ["/monitoring", 0.15],
    ["/agents", 0.1],
    ["/admin", 0.1],
  ])(
    "FUZZ-1 every command of %s gets a reply of the contract",
    async (namespace, share) => {
      const { server, unharmed } = await startTarget({ env: unlimited });
      const isChat = namespace === "/chat";
      // Whoever may do anything is kept from other people's things: what they may do to those is no attack.
      const roles = isChat ? (["user"] as const) : rolesOfNamespace[namespace];
      const cases = commandCases(namespace, isChat ? [...theirIds, ...ownIds] : ownIds);
      let mallory = await server.connect("mallory", { namespace, roles });
      if (isChat) await mallory.command("conversation.create", { id: "own", members: [] });

      let [accepted, ended] = [0, 0];
      const property = fc.asyncProperty(batchesOf(cases), async (some) => {
        // Under another name: whose tokens were revoked stays away until there is a newer one.
        if (!mallory.socket.connected) mallory = await server.connect(`mallory-${++ended}`, { namespace, roles });
        const replies = await answers(mallory.socket, some);
        for (const [command, reply] of replies) expectProper(command, reply);
        if (namespace !== "/admin") expect(replies).toHaveLength(some.length);
        accepted += replies.filter(([, { ok }]) => ok).length;
      });

      await fc.assert(property, runs(share));
      // Else nothing was tried but the door.
      expect(accepted).toBeGreaterThan(0);
      await unharmed();
    },
    timeoutMs,
  );

  it(
    "FUZZ-2 every text frame of the plain WebSocket gets an answer, and the connection continues",
    async () => {
      const { server, unharmed } = await startTarget({ env: unlimited });
      const mallory = await server.connectWebSocket("mallory");
      const frames = fc.oneof(
        commandCases("/chat", [...theirIds, ...ownIds]).map(({ name, payload }) => ({ type: name, payload })),
        fc.record({ type: weird, payload: weird, id: weird }, { requiredKeys: [] }),
        weird,
      );
      const broken = fc
        .tuple(
          frames.map((frame) => JSON.stringify(frame) ?? ""),
          fc.nat({ max: 40 }),
        )
        .map(([text, cut]) => text.slice(cut));

      const property = fc.asyncProperty(
        batchesOf(
          fc.oneof(
            frames.map((frame) => JSON.stringify(frame)),
            broken,
          ),
        ),
        async (some) => {
          for (const frame of some) mallory.socket.send(frame);
          // A frame after them has its turn, and its own answer.
          expect(await mallory.command("conversation.list", {})).toMatchObject({ ok: true });
        },
      );

      await fc.assert(property, runs(0.15));
      expect(mallory.inbox.of("close")).toEqual([]);
      await unharmed();
    },
    timeoutMs,
  );

  it(
    "FUZZ-3 packets of Engine.IO and Socket.IO end at most their own connection",
    async () => {
      const { server, unharmed } = await startTarget({ env: unlimited });
      const json = weird.map((value) => JSON.stringify(value) ?? "");
      const shaped = fc
        .tuple(
          fc.constantFrom("4", "", "2", "3", "5", "6", "1", "0", "b"),
          fc.constantFrom("0", "1", "2", "3", "4", "5", "6", "51-", "52-", "61-", "9"),
          fc.constantFrom("/chat,", "/,", "", "/admin,", "/x,", "/__proto__,", "/chat"),
          fc.constantFrom("", "0", "7", "99999999999999999999", "-1"),
          fc.oneof(
            json,
            json.map((text) => `["chat_message",${text}]`),
            json.map((text) => `[${text}]`),
            fc.string(),
          ),
        )
        .map((parts) => parts.join(""));
      const packets = fc.oneof(
        shaped,
        fc.string({ unit: "binary" }),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      );

      const property = fc.asyncProperty(batchesOf(packets), async (some) => {
        const mallory = await new RawEngine(server.url).enterChat(tokenOf("mallory"));
        for (const packet of some) mallory.send(packet);
        mallory.socket.close();
        await mallory.ended();
      });

      await fc.assert(property, runs(0.1));
      await unharmed();
    },
    timeoutMs,
  );

  it(
    "FUZZ-4 every route answers with a status of the contract",
    async () => {
      const { server, unharmed } = await startTarget({ env: unlimited });
      const segment = fc.oneof(
        fc.constantFrom(...theirIds, ...ownIds, "..", "%00", "%ff", "%2e%2e", "__proto__", ""),
        fc.string().map(encodeURIComponent),
      );
      const bases = [
        "conversations",
        "users",
        "tasks",
        "streams",
        "events",
        "session",
        "revocations",
        "agents",
        "dispatches",
        "websocket/status",
        "x",
      ];
      const path = fc
        .tuple(
          fc.constantFrom(...bases),
          fc.array(segment, { maxLength: 3 }),
          fc.constantFrom("", "members", "messages", "notifications", "checkpoints"),
        )
        .map(([base, segments, end]) => `/api/${[base, ...segments, end].join("/")}`);
      const query = fc.dictionary(
        fc.constantFrom("topics", "types", "after", "limit", "cursor", "streamId"),
        fc.string(),
        { maxKeys: 3 },
      );
      const asking = fc.record({
        method: fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"),
        path,
        query,
        body: fc.option(
          fc.oneof(
            weird,
            fc.record(
              { message: weird, members: weird, room: weird, type: weird, data: weird, userId: fc.constant("mallory") },
              { requiredKeys: [] },
            ),
          ),
        ),
        as: fc.constantFrom<[string | null, "user" | "service"]>(
          ["mallory", "user"],
          ["backend", "service"],
          [null, "user"],
        ),
      });

      const property = fc.asyncProperty(batchesOf(asking), async (some) => {
        for (const { method, path: where, query: asked, body, as } of some) {
          const hasBody = body !== null && body !== undefined && !["GET", "HEAD"].includes(method);
          const { status, body: answer } = await server.request(method, `${where}?${new URLSearchParams(asked)}`, {
            as: as[0],
            roles: [as[1]],
            ...(hasBody && { body }),
          });
          // `null` is one: of a session that there is not.
          expect([method, where, answer === undefined]).toEqual([method, where, false]);
          expect([method, where, status >= 200 && status < 500]).toEqual([method, where, true]);
        }
      });

      await fc.assert(property, runs(0.1));
      await unharmed();
    },
    timeoutMs,
  );
});
