import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { commands } from "../../shared/commands/catalogue.ts";
import type { AnyCommand } from "../../shared/commands/define-command.ts";
import { events } from "../../shared/events/catalogue.ts";
import { bytesOfLongest, type JsonShape, oversizedPart } from "../../shared/json-shape.ts";
import { limits } from "../../shared/limits.ts";
import { bytesOfCommand, bytesOfLargest } from "../../shared/message-bytes.ts";
import { Role } from "../../shared/role.ts";

const { messageBytesDefault } = limits;
const all: AnyCommand[] = Object.values(commands).flatMap((table) => Object.values(table));
const shapeOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonShape;

describe("the sizes of messages", () => {
  it.each([messageBytesDefault, 1_048_576])(
    "SIZE-1 no command is larger than the limit of the door (%s)",
    (messageBytes) => {
      const larger = (role: Role) =>
        Object.entries(commands)
          .filter(([namespace]) => namespace !== "/agents" || role === "agent")
          .flatMap(([, table]): AnyCommand[] => Object.values(table))
          .filter(({ roles = [role] }) => roles.includes(role))
          .filter((command) => bytesOfCommand(command, messageBytes) > bytesOfLargest([role], messageBytes));

      expect(Role.options.flatMap(larger).map(({ name }) => name)).toEqual([]);
    },
  );

  it("SIZE-1 no event that others publish is larger than the limit of the door", () => {
    const published = Object.values(events).filter(({ publishers }) => publishers.length > 0);
    const larger = published.filter(
      ({ data }) =>
        bytesOfLongest(shapeOf(data), messageBytesDefault) > bytesOfLargest(["service"], messageBytesDefault),
    );

    expect(larger.map(({ type }) => type)).toEqual([]);
  });

  it("SIZE-4 a value below the default limits whole messages, except for results of agents", () => {
    const bytes = all.map((command) => [command.name, bytesOfCommand(command, 2_048)]);

    expect(bytesOfLargest(["agent"], 2_048)).toBe(2_048);
    expect(Object.fromEntries(bytes)).toMatchObject({ chat_message: 2_048, response: limits.resultBytes });
    expect(bytes.filter(([, bytes]) => bytes !== 2_048).map(([name]) => name)).toEqual(["response"]);
  });

  const shape = shapeOf(
    z.strictObject({
      text: z.string().max(5),
      free: z.record(z.string(), z.json()).optional(),
      list: z.array(z.strictObject({ free: z.record(z.string(), z.json()) })).optional(),
      numbers: z.record(z.string(), z.number()).optional(),
    }),
  );
  /** As JSON. */
  const twelve = "x".repeat(10);

  it.each<[what: string, value: unknown, path: string | undefined]>([
    ["a text within its limit", { text: "xxxxx" }, undefined],
    ["a text over its limit, of few bytes", { text: "xxxxxx" }, undefined],
    ["a text over its limit", { text: twelve }, "text"],
    ["free-form JSON of few bytes", { free: { a: 1 } }, undefined],
    ["free-form JSON", { free: { a: twelve } }, "free"],
    ["free-form JSON in a list", { list: [{ free: {} }, { free: { a: twelve } }] }, "list.1.free"],
    ["a field that is not known", { other: twelve }, "other"],
    ["an object for a text", { text: { a: twelve } }, "text"],
    ["an object for a list", { list: { a: twelve } }, "list"],
    ["no object", twelve, ""],
    ["nothing", null, undefined],
    ["a named number", { numbers: { abcdefghijkl: 1 } }, undefined],
  ])("SIZE-4 in a message with %s the part that is too large is found", (_what, value, path) => {
    expect(oversizedPart(shape, value, 11)?.path.join(".")).toBe(path);
  });
});
