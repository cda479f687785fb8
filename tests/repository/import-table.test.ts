import { describe, expect, it } from "@jest/globals";
import { type Import, importsOf, sourceFiles } from "./source-tree.ts";

/** What a part of the program may import, beside itself, Node's own modules and what is for everybody. */
interface Rule {
  /** Parts, and packages. */
  uses?: readonly string[];
  /** Parts and packages of which it may know the types only: what they do is handed to it. */
  knows?: readonly string[];
}

/** For everybody in `server`. */
const common = ["shared", "server/runtime"];

/** For every part of the dashboard. */
const pages = ["react", "@mantine/core", "@mantine/hooks", "@tabler/icons-react", "wouter", "@signalbox/client"];
/** For its screens: long lists, charts, text that people write. */
const drawing = ["virtua", "uplot", "react-markdown", "remark-gfm", "sugar-high"];

/** In the order of an event's way, so that what a part may import stands above it. */
const rules: Record<string, Rule> = {
  shared: { uses: ["zod"] },

  // The client's package, which is built and published by itself.
  "client-sdk": { uses: ["shared", "socket.io-client"] },
  "client-sdk/agent": { uses: ["shared", "client-sdk"] },
  "client-sdk/element": { knows: ["client-sdk"] },
  "client-sdk/session": { uses: ["client-sdk"], knows: ["shared"] },
  "client-sdk/react": { uses: ["client-sdk/element", "react"], knows: ["shared", "client-sdk"] },

  // What people see; it knows the server by the client's package alone. Each screen is for itself.
  "dashboard/vite.config.ts": { uses: ["vite"] },
  "dashboard/src/ui": { uses: [...pages, "react-dom", "virtua", "uplot"] },
  "dashboard/src/session": { uses: [...pages, "dashboard/src/ui", "oidc-client-ts"] },
  "dashboard/src/chat": { uses: [...pages, ...drawing, "dashboard/src/ui", "dashboard/src/session"] },
  "dashboard/src/monitoring": { uses: [...pages, ...drawing, "dashboard/src/ui", "dashboard/src/session"] },
  "dashboard/src/admin": { uses: [...pages, ...drawing, "dashboard/src/ui", "dashboard/src/session"] },
  "dashboard/src/app": {
    uses: [
      ...pages,
      "dashboard/src/ui",
      "dashboard/src/session",
      "dashboard/src/chat",
      "dashboard/src/monitoring",
      "dashboard/src/admin",
    ],
  },
  "dashboard/src/main.tsx": {
    uses: ["react", "react-dom", "@mantine/core", "wouter", "dashboard/src/app", "dashboard/src/ui"],
  },

  // What every stage below may use.
  "server/runtime": {},
  "server/observe": {
    uses: [
      "@opentelemetry/api",
      "@opentelemetry/core",
      "@opentelemetry/exporter-trace-otlp-http",
      "@opentelemetry/resources",
      "@opentelemetry/sdk-trace",
      "prom-client",
      "winston",
    ],
  },
  "server/session": {},

  // The ports that keep something, and their twins. They know nothing of those who use them.
  "server/store/redis": { uses: ["redis", "@socket.io/redis-adapter"], knows: ["server/observe"] },
  "server/store": { uses: ["server/store/redis", "lru-cache"], knows: ["server/session"] },

  "server/deliver": { knows: ["server/session", "server/store"] },
  "server/publish": { uses: ["server/store", "ulid"], knows: ["server/deliver", "server/observe", "zod"] },
  "server/resume": { knows: ["server/deliver", "server/store"] },

  // The domains.
  "server/conversations": {
    uses: ["server/resume", "server/session", "server/store", "lru-cache", "ulid"],
    knows: ["server/deliver", "server/publish", "zod"],
  },
  "server/tasks": { uses: ["server/publish", "server/store", "ulid"], knows: ["zod"] },
  "server/dispatch": {
    uses: ["server/publish", "server/session", "lru-cache"],
    knows: ["server/conversations", "server/deliver", "server/observe", "server/store"],
  },
  "server/access": {
    uses: ["server/conversations", "server/session", "server/store", "jose", "jsonwebtoken", "lru-cache", "zod"],
    knows: ["server/deliver", "server/observe"],
  },
  "server/rooms": {
    uses: ["server/deliver", "server/session"],
    knows: ["server/access", "server/conversations", "server/publish", "server/resume", "server/store"],
  },
  "server/publications": {
    uses: ["server/session"],
    knows: ["server/access", "server/conversations", "server/publish", "server/store", "zod"],
  },
  "server/operate": {
    uses: ["server/store"],
    knows: ["server/deliver", "server/rooms", "server/session"],
  },

  // From a frame to a reply.
  "server/handle": {
    uses: ["server/rooms", "server/session"],
    knows: [
      "server/access",
      "server/conversations",
      "server/deliver",
      "server/dispatch",
      "server/operate",
      "server/publications",
      "server/publish",
      "server/resume",
      "server/store",
      "server/tasks",
    ],
  },
  "server/route": { uses: ["server/session", "ulid"], knows: ["server/handle", "server/observe", "zod"] },
  "server/connect": {
    uses: ["server/session", "ipaddr.js", "lru-cache", "proxy-addr"],
    knows: ["server/access", "server/observe", "server/rooms"],
  },
  "server/doors/wire": { uses: ["server/deliver", "ws"] },
  "server/doors/event-stream": {
    uses: ["server/connect"],
    knows: ["server/deliver", "server/resume", "server/route", "server/session"],
  },
  "server/doors/ingest": {
    uses: ["server/route", "server/store", "ulid"],
    knows: ["server/observe", "server/publications"],
  },
  "server/doors/socket-io": {
    uses: ["server/connect", "server/deliver", "server/doors/wire", "socket.io", "socket.io-parser"],
    knows: ["server/observe", "server/route", "server/session"],
  },
  "server/doors/plain-websocket": {
    uses: ["server/connect", "server/deliver", "server/doors/wire", "server/route", "ws"],
    knows: ["server/observe", "server/session"],
  },
  "server/doors/http": {
    uses: [
      "server/connect",
      "server/observe",
      "server/route",
      "server/session",
      "server/store",
      "express",
      "helmet",
      "lru-cache",
      "ulid",
    ],
    knows: ["server/access", "server/operate", "zod"],
  },

  // The composition root, which knows everything below it.
  "server/compose": {
    uses: [
      "server/access",
      "server/connect",
      "server/conversations",
      "server/deliver",
      "server/dispatch",
      "server/doors/event-stream",
      "server/doors/http",
      "server/doors/ingest",
      "server/doors/plain-websocket",
      "server/doors/socket-io",
      "server/doors/wire",
      "server/handle",
      "server/observe",
      "server/operate",
      "server/publications",
      "server/publish",
      "server/resume",
      "server/rooms",
      "server/route",
      "server/session",
      "server/store",
      "server/store/redis",
      "server/tasks",
      "@socket.io/sticky",
      "zod",
    ],
    knows: ["socket.io"],
  },
  "server/main.ts": { uses: ["server/access", "server/compose", "server/observe"] },

  // A server and those who use it, for people who want to see something.
  demo: { uses: ["shared", "client-sdk", "jsonwebtoken", "playwright-core"] },

  // Measures the built program from outside, as it does the others.
  bench: {
    uses: [
      "@socket.io/redis-adapter",
      "@socket.io/redis-streams-adapter",
      "jsonwebtoken",
      "playwright-core",
      "redis",
      "socket.io",
      "socket.io-client",
      "ws",
    ],
  },
};

/** Twins of a port. Which of them is used is chosen in one place; one may build upon others of its make. */
const twin = /^server\/(?!store\/redis\/).*\/(memory|redis)-[^/]*$/;
const chooser = "server/compose";

const files = ["shared", "server", "client-sdk", "dashboard", "demo", "bench"].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);

/** The part that a file of the project belongs to; a package is a part by itself. */
function partOf(path: string): string | undefined {
  if (!/^(?:server|shared|bench|tests|client-sdk|dashboard|demo)\//.test(path)) return path;
  const parts = Object.keys(rules).filter((part) => path === part || path.startsWith(`${part}/`));
  // What a part has a row of its own for is not of the part.
  return parts.sort((one, other) => other.length - one.length)[0];
}

/** What is wrong with an import, if anything is. */
function faultOf({ from, to, typeOnly }: Import): string | undefined {
  const importer = partOf(from);
  const imported = partOf(to);
  if (importer === undefined) return `${from} belongs to no part of the table`;
  if (imported === undefined) return `${from} imports ${to}, which belongs to no part of the table`;
  const isOfOneMake = twin.exec(from)?.[1] === twin.exec(to)?.[1];
  if (importer !== imported && twin.test(to) && !isOfOneMake && importer !== chooser) {
    return `${from} imports ${to}: only ${chooser} chooses a twin`;
  }
  if (importer === imported) return undefined;

  const isServer = importer.startsWith("server");
  // What runs in a browser as well has no Node.
  const runsInNode = importer !== "shared" && !/^(?:client-sdk|dashboard\/src)/.test(importer);
  if (runsInNode && imported.startsWith("node:")) return undefined;
  if (isServer && common.includes(imported)) return undefined;
  const { uses = [], knows = [] } = rules[importer] ?? {};
  if (uses.includes(imported) || (typeOnly && knows.includes(imported))) return undefined;
  return `${from} imports ${to}${knows.includes(imported) ? " for more than its types" : ""}`;
}

/** A chain of imports that ends where it begins, or `undefined`. */
function findCycle(edges: readonly Import[]): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];

  function visit(file: string): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const { from, to } of edges) {
      const cycle = from === file ? visit(to) : undefined;
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  }

  for (const { from } of edges) {
    const cycle = visit(from);
    if (cycle) return cycle;
  }
  return undefined;
}

describe("the import table", () => {
  it("DOC-3 every import is allowed by it", () => {
    const faults = imports.map(faultOf).filter((fault) => fault !== undefined);

    expect(faults).toEqual([]);
  });

  it("DOC-3 every file has a row, and every row has a file", () => {
    const parts = files.map(partOf);

    expect(files.filter((_, index) => parts[index] === undefined)).toEqual([]);
    expect(Object.keys(rules).filter((part) => !parts.includes(part))).toEqual([]);
  });

  it("DOC-3 a part may import only what is above it", () => {
    const order = Object.keys(rules);

    const upwards = order.flatMap((part, index) =>
      [...(rules[part]?.uses ?? []), ...(rules[part]?.knows ?? [])].filter((other) => order.indexOf(other) >= index),
    );

    expect(upwards).toEqual([]);
  });

  it.each([
    ["server/handle/chat/x.ts", "server/store/redis/redis-client.ts", true],
    ["server/handle/chat/x.ts", "server/publish/publisher.ts", false],
    ["server/handle/chat/x.ts", "express", true],
    ["server/connect/x.ts", "server/doors/http/create-app.ts", true],
    ["server/connect/x.ts", "socket.io", true],
    ["server/route/x.ts", "server/compose/config.ts", true],
    ["server/doors/http/x.ts", "server/compose/create-server.ts", true],
    ["server/store/log/x.ts", "server/handle/handler.ts", true],
    ["server/publish/x.ts", "server/store/log/memory-event-log.ts", true],
    ["server/new-folder/x.ts", "zod", true],
    ["shared/x.ts", "node:fs", true],
    ["shared/x.ts", "server/runtime/clock.ts", true],
    ["shared/x.ts", "ulid", true],
    ["client-sdk/x.ts", "server/runtime/clock.ts", true],
    ["client-sdk/x.ts", "zod", true],
    ["client-sdk/rooms/x.ts", "react", true],
    ["client-sdk/x.ts", "node:fs", true],
    ["dashboard/src/chat/x.tsx", "client-sdk/client.ts", true],
    ["dashboard/src/chat/x.tsx", "dashboard/src/admin/y.tsx", true],
    ["bench/x.ts", "server/compose/create-server.ts", true],
  ])("DOC-3 it forbids that %s imports %s", (from, to, typeOnly) => {
    const fault = faultOf({ from, to, typeOnly, lazy: false });

    expect(fault).toContain(from);
  });
});

describe("imports", () => {
  it("DOC-3 there is no cycle", () => {
    const running = imports.filter(({ typeOnly }) => !typeOnly);

    const cycle = findCycle(running);

    expect(running.length).toBeGreaterThan(100);
    expect(cycle).toBeUndefined();
  });

  it("DOC-3 a cycle is detected", () => {
    const edge = (from: string, to: string): Import => ({ from, to, typeOnly: false, lazy: false });

    const cycle = findCycle([
      edge("a", "b"),
      edge("a", "c"),
      edge("b", "d"),
      edge("c", "d"),
      edge("d", "e"),
      edge("e", "c"),
    ]);

    expect(cycle).toEqual(["d", "e", "c", "d"]);
  });
});
