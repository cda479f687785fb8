import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { loadConfig } from "../../server/compose/config.ts";
import { silenceLimitMs } from "../../server/connect/keepalive.ts";
import { historyLength, newConnectionLife, transition } from "../../server/session/connection-state.ts";
import { expiryGraceMs } from "../../server/session/principal.ts";
import { dedupeWindowMs } from "../../server/store/log/event-log.ts";
import { LoggedEvent } from "../../shared/commands/fields.ts";
import { ConnectionState } from "../../shared/entities/connection.ts";
import { limits } from "../../shared/limits.ts";
import { protocolVersion } from "../../shared/protocol.ts";
import { root } from "../repository/source-tree.ts";
import { contractNames } from "./contract-names.ts";
import { pageRegions, regionsOf, withoutRegions, withRegions } from "./page-regions.ts";

const file = join(root, "docs/PROTOCOL.md");
const regions = pageRegions();
if (process.env.UPDATE_DOCUMENTS) writeFileSync(file, withRegions(readFileSync(file, "utf8"), regions));
const page = readFileSync(file, "utf8");
const prose = withoutRegions(page);
const config = loadConfig({});

describe("docs/PROTOCOL.md", () => {
  it("DOC-1 it has every generated table once", () => {
    expect(regionsOf(page).toSorted()).toEqual(Object.keys(regions).toSorted());
  });

  it.each(Object.keys(regions))("DOC-1 the table of %s matches the code (npm run documents)", (name) => {
    const only = { [name]: String(regions[name]) };

    expect(withRegions(page, only) === page).toBe(true);
  });

  // What follows is about the sentences between the tables, which are written by hand.

  it("DOC-1 every name in it is in the contract", () => {
    const named = [...prose.replace(/```[\s\S]*?```/g, "").matchAll(/`([a-z][\w.]*)\??`/g)].map(([, name]) => name);

    expect(named.length).toBeGreaterThan(100);
    expect([...new Set(named)].filter((name) => !contractNames.has(String(name)))).toEqual([]);
  });

  it.each<[string, RegExp, number]>([
    ["the version", /^# Signalbox protocol, version (\S+)$/m, protocolVersion],
    ["the heartbeat", /`heartbeatIntervalMs` \(([\d ]+)\)/, config.HEARTBEAT_INTERVAL_MS],
    ["the silence", /two intervals plus (\d+) s/, (silenceLimitMs(0) as number) / 1_000],
    ["the grace of a token", /closes the connection (\d+) s after `exp`/, expiryGraceMs / 1_000],
    ["the history of a connection", /its last (\d+) transitions/, historyLength],
    ["the events of a log", /the last ([\d ]+) events \(`LOG_MAX_EVENTS`\)/, config.LOG_MAX_EVENTS],
    ["the age of a log", /and (\d+) days \(`LOG_TTL_SECONDS`\)/, config.LOG_TTL_SECONDS / 86_400],
    ["idempotency", /same sender within (\d+) minutes is published once/, dedupeWindowMs / 60_000],
    ["repeated requests", /same sender within (\d+) minutes: that gets/, dedupeWindowMs / 60_000],
    ["subscriptions", /may have (\d+) subscriptions/, config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION],
    ["the lease", /`leaseMs` is ([\d ]+) by default/, config.AGENT_LEASE_MS],
    ["an agent's heartbeat", /`heartbeatIntervalMs` ([\d ]+)\./, config.AGENT_HEARTBEAT_INTERVAL_MS],
  ])("DOC-1 its sentences have the right number for %s", (_, pattern, value) => {
    const written = pattern.exec(prose)?.[1]?.replaceAll(" ", "");

    expect(written).toBe(String(value));
  });

  it("DOC-1 its example of an envelope is valid", () => {
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "") as object;

    const { error } = LoggedEvent.strict().safeParse({ ...example, id: "01JD" });

    expect(error?.issues).toBeUndefined();
    expect(Object.keys(example)).toEqual(Object.keys(LoggedEvent.shape));
  });

  it("DOC-1 its path through the connection states has only possible transitions", () => {
    const states = /A connection goes `(.*?)`/
      .exec(prose)?.[1]
      ?.split(" → ")
      .map((state) => ConnectionState.parse(state));

    const [, ...next] = states ?? [];
    const life = next.reduce((before, state) => transition(before, state, 0) ?? before, newConnectionLife);

    expect(life.history.map(({ from }) => from)).toEqual(states?.slice(0, -1));
    expect(life.state).toBe("closed");
    expect(historyLength).toBe(limits.transitionsKept);
  });
});
