import { beforeEach, describe, expect, it } from "@jest/globals";
import type { Leases } from "../../server/store/leases.ts";
import { openStore, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const hourMs = 3_600_000;

describe.each(stores)("leases (%s)", (name) => {
  let leases: Leases;

  beforeEach(async () => {
    leases = (await openStore(name)).leases;
  });

  const lease = (id: string, inMs: number) => ({ id, inMs });

  it("LEASE-1 leases that are due are claimed, the earliest first, and no others", async () => {
    await leases.set("dispatches", [lease("b", -10), lease("later", hourMs), lease("a", -20), lease("c", -5)]);

    const two = await leases.claim("dispatches", 2, hourMs);
    const rest = await leases.claim("dispatches", 10, hourMs);

    expect(two).toEqual(["a", "b"]);
    expect(rest).toEqual(["c"]);
  });

  it("LEASE-1 a lease becomes due without a call", async () => {
    await leases.set("dispatches", [lease("soon", 30)]);

    let claimed: string[] = [];
    await eventually(async () => {
      claimed = await leases.claim("dispatches", 1, hourMs);
      return claimed.length > 0;
    }, "the lease");

    expect(claimed).toEqual(["soon"]);
  });

  it("LEASE-2 a claimed lease is hidden for the given time, and then due again", async () => {
    await leases.set("dispatches", [lease("a", -2), lease("b", -1)]);

    const first = await leases.claim("dispatches", 1, hourMs);
    const second = await leases.claim("dispatches", 10, 50);

    expect([first, second]).toEqual([["a"], ["b"]]);
    await eventually(async () => (await leases.claim("dispatches", 10, hourMs)).includes("b"), "the lease again");
    expect(await leases.claim("dispatches", 10, hourMs)).toEqual([]);
  });

  it("LEASE-2 concurrent claimants get different leases", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `id-${index}`);
    await leases.set(
      "dispatches",
      ids.map((id) => lease(id, -1)),
    );

    const claims = await Promise.all(Array.from({ length: 10 }, () => leases.claim("dispatches", 10, hourMs)));

    expect(claims.flat().toSorted()).toEqual(ids.toSorted());
  });

  it("LEASE-3 setting a lease again changes its time, and clearing removes it", async () => {
    await leases.set("dispatches", [lease("a", -1), lease("b", -1)]);
    await leases.set("dispatches", [lease("a", hourMs)]);
    await leases.clear("dispatches", "b");
    await leases.clear("dispatches", "nobody");
    await leases.set("dispatches", []);

    expect(await leases.claim("dispatches", 10, 0)).toEqual([]);
    expect(await leases.first(["dispatches"], 10)).toEqual([{ queue: "dispatches", id: "a" }]);
  });

  it("LEASE-6 a lease can be made due earlier, and never later", async () => {
    await leases.set("responses", [lease("later", hourMs), lease("due", -10)]);
    await leases.hasten("responses", [lease("later", -5), lease("due", hourMs), lease("new", -1)]);
    await leases.hasten("responses", []);

    expect(await leases.claim("responses", 10, hourMs)).toEqual(["due", "later", "new"]);
  });

  it("LEASE-5 the size of a queue counts all leases, due or not", async () => {
    await leases.set("dispatches", [lease("a", -1), lease("b", hourMs)]);
    await leases.set("dispatches", [lease("a", hourMs)]);

    expect([await leases.size("dispatches"), await leases.size("agents")]).toEqual([2, 0]);
  });

  it("LEASE-4 queues are independent, and can be read together", async () => {
    await leases.set("work:agent:a", [lease("1", -30_000), lease("3", -10_000)]);
    await leases.set("work:capability:any thing/at:all", [lease("2", -20_000), lease("1", hourMs)]);

    const first = await leases.first(["work:agent:a", "work:capability:any thing/at:all", "work:agent:b"], 3);
    const claimed = await leases.claim("work:agent:b", 10, 0);

    expect(first).toEqual([
      { queue: "work:agent:a", id: "1" },
      { queue: "work:capability:any thing/at:all", id: "2" },
      { queue: "work:agent:a", id: "3" },
    ]);
    expect(claimed).toEqual([]);
    expect(await leases.first([], 3)).toEqual([]);
  });
});
