import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply } from "../../shared/reply.ts";
import { Random } from "../support/random.ts";
import { checkAccepted, checkResponses, type Findings, noFindings, type Pieces } from "./checker.ts";
import { Cluster } from "./cluster.ts";
import { type FaultName, faults, planBurst } from "./faults.ts";
import type { Door, Seen } from "./link.ts";
import { checkTold, HttpProgram, IngestProgram, toldAs } from "./programs.ts";
import { everything, type Reader } from "./reader.ts";
import { summarize, table } from "./report.ts";
import { pause, Roamer } from "./roamer.ts";
import { SdkSubscriber, type SdkSubscriberOptions } from "./sdk-subscriber.ts";
import { type JoinReply, Subscriber } from "./subscriber.ts";
import { checkTasks } from "./task-checker.ts";
import { TaskWriter } from "./task-writer.ts";
import { TruthReader } from "./truth.ts";
import { type Accepted, Agent, Publisher } from "./writers.ts";

/** What those who follow rooms are: programs of the protocol, applications on the package, or some of each. */
export const subscriberKinds = ["stock", "sdk", "mixed"] as const;
export type SubscriberKind = (typeof subscriberKinds)[number];

interface RunOptions {
  minutes: number;
  seed: number;
  instances: number;
  /** How many events a log keeps. */
  kept: number;
  faults: readonly FaultName[];
  subscribers: SubscriberKind;
  /** For the instances' logs. */
  folder: string;
}

const conversations = ["busy-1", "busy-2", "answers", "quiet"] as const;
/** The log of all that is told about tasks. */
const monitoring = "monitoring";
const roomOf = (conversationId: string) => `conversation:${conversationId}`;
/** Nothing may take longer to be as it was before a fault. */
const recoveryLimitMs = 30_000;
/** The time that the contract gives presence to be right after a crash. */
const presenceLimitMs = 12_000;
const shownFindings = 12;

const environment = {
  DRAIN_MS: "1000",
  PRESENCE_GRACE_MS: "2000",
  RESPONSE_LEASE_MS: "6000",
  LIMIT_COMMANDS_PER_SECOND: "100000",
  LIMIT_COMMANDS_BURST: "100000",
  LIMIT_CONNECTIONS_PER_USER: "100000",
  LIMIT_NEW_CONNECTIONS_PER_SECOND: "100000",
};

const doors: readonly Door[] = ["socket.io", "ws", "polling"];

/** A client that only asks. */
class Asker extends Roamer {
  protected arrived(): void {}
  protected heard(_event: Seen): void {}

  /** The reply, or `undefined` when none came in time. */
  cancel(response: { conversationId: string; responseId: string }) {
    return this.ask("chat_response.cancel", response);
  }

  /** Asks until it is answered well. */
  async untilOk<T>(name: string, payload: unknown): Promise<T> {
    for (;;) {
      const reply = (await this.ask(name, payload)) as Reply<T> | undefined;
      if (reply?.ok) return reply.data;
      await this.beforeRetry(name, reply?.error);
    }
  }
}

type Member = JoinReply["members"][number];

/** One run: a cluster, its clients, faults, and the check of it all. */
export class Run {
  readonly #options: RunOptions;
  readonly #violations: string[] = [];
  readonly #accepted: Accepted[] = [];
  readonly #recoveries: number[] = [];
  readonly #catchUps: number[] = [];
  readonly #faultCounts = new Map<FaultName, number>();
  readonly #startedAt = performance.now();
  #cluster: Cluster | undefined;
  #truth: TruthReader | undefined;
  #probes = 0;
  #piecesLost = 0;
  #losses = 0;
  #told = 0;
  #stopped = 0;
  #recovering = false;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Ends the processes at once. */
  destroy(): void {
    this.#cluster?.destroy();
    this.#truth?.destroy();
  }

  async run() {
    const { seed, minutes, instances, kept, folder, subscribers: kind } = this.#options;
    this.#say(`seed ${seed}, ${minutes} minutes, ${instances} instances, ${kind} subscribers`);
    const violated = (what: string) => {
      this.#violations.push(what);
      this.#say(`VIOLATION ${what}`);
    };
    const cluster = await Cluster.start({
      instances,
      folder,
      environment: { ...environment, LOG_MAX_EVENTS: String(kept) },
      hasClocks: this.#options.faults.includes("clock set"),
      violated,
    });
    this.#cluster = cluster;
    await this.#until(() => cluster.areReady(), "the instances are ready");

    const { ports } = cluster;
    const common = { ports, violated };
    const asker = new Asker({
      ...common,
      name: "asker",
      identity: { userId: "asker", role: "service" },
      door: "socket.io",
      random: new Random(seed + 1),
    });
    asker.start();
    const subscribers = [...this.#createSubscribers(common), ...this.#createWatchers(common)];
    const programs = this.#createPrograms(common, cluster.redis.url);
    const publishers = this.#createPublishers(common);
    const agents = this.#createAgents(common);
    const writers = [...publishers, ...agents];
    const taskWriters = this.#createTaskWriters(common);
    const members = [...new Set([...subscribers, ...writers].map(({ identity }) => identity.userId))];
    for (const id of conversations) await asker.untilOk("conversation.create", { id, members });

    const truth = new TruthReader(cluster.redis.url, [...conversations.map(roomOf), monitoring], kept);
    this.#truth = truth;
    await truth.start();
    for (const client of [...subscribers, ...writers, ...taskWriters, ...programs]) client.start();
    await this.#until(() => subscribers.every(({ isLive }) => isLive), "all subscribers are live");
    this.#say("all are live");

    const lively = this.#liven(subscribers);
    const stopping = this.#stopResponses(agents, asker);
    const random = new Random(seed);
    const until = performance.now() + minutes * 60_000;
    while (performance.now() < until) {
      await pause(random.between(500, 2_500));
      if (this.#options.faults.length === 0) continue;
      await this.#burst(random, cluster, subscribers);
      await this.#recover(cluster, subscribers, publishers, asker);
    }
    clearInterval(lively);
    clearInterval(stopping);

    // Some are gone for good, so that it is seen whether they are still taken to be there.
    const gone = subscribers.filter((_, index) => index % 5 === 4);
    const stay = subscribers.filter((subscriber) => !gone.includes(subscriber));
    for (const subscriber of gone) subscriber.stop(random.chance(0.7));
    const lastFault = performance.now();
    this.#say("no more faults; the writers finish");
    await this.#until(async () => {
      await Promise.all([...writers, ...taskWriters, ...programs].map((writer) => writer.finish()));
      return true;
    }, "everything that was sent is answered");
    const told = programs.flatMap((program) => program.told);
    this.#told = told.length;
    const isPublished = () => {
      const published = new Set(truth.truths.get(monitoring)?.events.map(({ id }): string => id));
      return told.every(({ id }) => published.has(id));
    };
    await this.#until(isPublished, "everything that was handed over is published");
    await this.#recover(cluster, stay, [], asker);
    await pause(Math.max(0, lastFault + presenceLimitMs - performance.now()));
    const presence = await this.#checkPresence(stay, asker);

    for (const writer of writers) this.#accepted.push(...writer.accepted);
    const found = noFindings();
    found.unexplained.push(...this.#violations, ...(await truth.finish()));
    const pieces = new Map(agents.flatMap((agent) => [...agent.pieces]));
    this.#check(truth, stay, gone, pieces, found);
    this.#checkMonitoring(truth, programs, stay, gone, found);
    const tracks = taskWriters.flatMap((writer) => writer.tracks);
    // What programs tell of is in the same log, and checked apart.
    const ofTasks = (truth.truths.get(monitoring)?.events ?? []).filter(({ type }) => type !== toldAs);
    await checkTasks(ofTasks, tracks, ports[0] ?? 0, found);
    for (const { room, events } of truth.truths.values()) {
      const lines = events.map((event) => `${JSON.stringify(event)}\n`);
      writeFileSync(join(folder, `${room.replace(":", "-")}.jsonl`), lines.join(""));
    }
    for (const client of [...subscribers, asker]) client.stop(false);
    const failedStarts = cluster.instances.reduce((sum, { failedStarts: count }) => sum + count, 0);
    await cluster.close();
    return this.#report(subscribers, [...writers], taskWriters, found, presence, failedStarts);
  }

  #createSubscribers(common: { ports: number[]; violated(what: string): void }): Reader[] {
    return Array.from({ length: 15 }, (_, i) => {
      const random = new Random(this.#options.seed + 100 + i);
      // Some users are there more than once.
      const identity = { userId: `reader-${i % 10}`, role: "user" as const };
      const rooms = conversations.filter(() => random.chance(0.7)).map(roomOf);
      if (rooms.length === 0) rooms.push(roomOf("quiet"));
      return this.#createReader(i, { ...common, name: `subscriber-${i}`, identity, rooms, random });
    });
  }

  /** They watch everything that programs tell. */
  #createWatchers(common: { ports: number[]; violated(what: string): void }): Reader[] {
    return Array.from({ length: 4 }, (_, i) => {
      const identity = { userId: `watcher-${i}`, role: "monitor", namespace: "/monitoring" } as const;
      const random = new Random(this.#options.seed + 400 + i);
      const name = `watcher-${i}`;
      return this.#createReader(i, { ...common, name, identity, rooms: [everything], random });
    });
  }

  #createReader(index: number, options: SdkSubscriberOptions): Reader {
    const { subscribers } = this.#options;
    const isSdk = subscribers === "sdk" || (subscribers === "mixed" && index % 2 === 1);
    return isSdk ? new SdkSubscriber(options) : new Subscriber({ ...options, door: doors[index % 3] ?? "ws" });
  }

  #createPrograms({ ports, violated }: { ports: number[]; violated(what: string): void }, redisUrl: string) {
    return Array.from({ length: 4 }, (_, i) => {
      const options = { name: `program-${i}`, random: new Random(this.#options.seed + 500 + i), violated };
      return i % 2 === 0 ? new HttpProgram({ ...options, ports }) : new IngestProgram({ ...options, redisUrl });
    });
  }

  #createPublishers(common: { ports: number[]; violated(what: string): void }): Publisher[] {
    return Array.from({ length: 10 }, (_, i) => {
      const conversationId = conversations[i % conversations.length] ?? "quiet";
      return new Publisher({
        ...common,
        name: `publisher-${i}`,
        identity: { userId: `writer-${i % 7}`, role: "user" },
        door: doors[i % 2] ?? "ws",
        random: new Random(this.#options.seed + 200 + i),
        conversationId,
        everyMs: conversationId === "quiet" ? 1_500 : 100,
      });
    });
  }

  #createAgents(common: { ports: number[]; violated(what: string): void }): Agent[] {
    return Array.from({ length: 3 }, (_, i) => {
      const conversationId = i === 2 ? "busy-1" : "answers";
      return new Agent({
        ...common,
        name: `agent-${i}`,
        identity: { userId: `agent-${i}`, role: "agent" },
        door: i === 1 ? "ws" : "socket.io",
        random: new Random(this.#options.seed + 300 + i),
        conversationId,
        everyMs: 200,
      });
    });
  }

  #createTaskWriters(common: { ports: number[]; violated(what: string): void }): TaskWriter[] {
    return Array.from({ length: 4 }, (_, i) => {
      const random = new Random(this.#options.seed + 400 + i);
      return new TaskWriter({ ...common, name: `task-${i}`, random, everyMs: 100 });
    });
  }

  /** Clients come and go all the time. */
  #liven(subscribers: readonly Reader[]): NodeJS.Timeout {
    const random = new Random(this.#options.seed + 2);
    return setInterval(() => {
      if (this.#recovering) return;
      const subscriber = random.pick(subscribers);
      const what = random.between(1, 4);
      if (what === 1) subscriber.move();
      else if (what === 4) subscriber.stayAway(random.between(1_000, 8_000));
      else if (what === 2) subscriber.lose();
      else void subscriber.leaveAndReturn();
    }, 1_000);
  }

  /** Somebody asks for the end of a response now and then, at another instance or the same. */
  #stopResponses(agents: readonly Agent[], asker: Asker): NodeJS.Timeout {
    const random = new Random(this.#options.seed + 3);
    return setInterval(async () => {
      const { conversationId, current: responseId } = random.pick(agents);
      if (!responseId) return;
      const reply = await asker.cancel({ conversationId, responseId });
      if (reply?.ok) this.#stopped++;
    }, 2_000);
  }

  /** Resolves when the causes of all its faults are over. */
  async #burst(random: Random, cluster: Cluster, subscribers: readonly Reader[]): Promise<void> {
    const burst = planBurst(random, this.#options.faults);
    this.#say(`burst: ${burst.map(({ name, afterMs }) => `${name} at ${afterMs} ms`).join(", ")}`);
    await Promise.all(
      burst.map(async ({ name, afterMs, seed }) => {
        await pause(afterMs);
        this.#faultCounts.set(name, (this.#faultCounts.get(name) ?? 0) + 1);
        await faults[name]({ cluster, subscribers, random: new Random(seed) });
      }),
    );
  }

  /** Measures the time until everything is as it should be. */
  async #recover(
    cluster: Cluster,
    subscribers: readonly Reader[],
    publishers: readonly Publisher[],
    asker: Asker,
  ): Promise<void> {
    const from = performance.now();
    this.#recovering = true;
    for (const subscriber of subscribers) subscriber.comeBack();
    // A loss in a log that nothing more is said in must be found without another event.
    const quiet = publishers.filter(({ conversationId }) => conversationId === "quiet");
    for (const publisher of quiet) publisher.paused = true;
    const since = () => Math.round(performance.now() - from);
    await this.#until(() => cluster.areReady(), "the instances are ready");
    const ready = since();
    await this.#until(() => subscribers.every(({ isLive }) => isLive), "all subscribers are live");
    const live = since();
    await pause(50);
    await this.#until(() => this.#haveCaughtUp(subscribers), "all subscribers have all of the quiet log");
    const caughtUp = performance.now() - from;

    for (const conversationId of conversations) {
      const id = `probe-${++this.#probes}`;
      const message = `${id} ${conversationId}`;
      const { position } = await asker.untilOk<CommandData<"/chat", "chat_message">>("chat_message", {
        conversationId,
        id,
        message,
      });
      this.#accepted.push({ by: "asker", userId: "asker", conversationId, id, text: message, position });
      await this.#until(() => this.#haveReached(subscribers, roomOf(conversationId), position), `${id} is delivered`);
    }
    const recovered = performance.now() - from;
    this.#recovering = false;
    for (const publisher of quiet) publisher.paused = false;
    this.#catchUps.push(caughtUp);
    this.#recoveries.push(recovered);
    const stages = `instances ready ${ready}, clients live ${live}, quiet log caught up ${Math.round(caughtUp)}`;
    this.#say(`recovered after ${Math.round(recovered)} ms (${stages})`);
  }

  #haveCaughtUp(subscribers: readonly Reader[]): boolean {
    const room = roomOf("quiet");
    const last = this.#truth?.truths.get(room)?.events.at(-1);
    return last === undefined || this.#haveReached(subscribers, room, last.position);
  }

  #haveReached(subscribers: readonly Reader[], room: string, { epoch, offset }: Position): boolean {
    return subscribers.every(({ tracks }) => {
      const track = tracks.find((one) => one.room === room);
      if (!track) return true;
      return track.live && track.position?.epoch === epoch && track.position.offset >= offset;
    });
  }

  /** Waits, and says so when it takes too long; then goes on waiting for as long again. */
  async #until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const from = performance.now();
    let late = false;
    while (!(await holds())) {
      const waited = performance.now() - from;
      if (waited > recoveryLimitMs && !late) {
        late = true;
        this.#violations.push(`${what}: not within ${recoveryLimitMs} ms`);
        this.#say(`VIOLATION ${what}: not within ${recoveryLimitMs} ms`);
      }
      if (waited > recoveryLimitMs * 3) throw new Error(`Gave up waiting until ${what}`);
      await pause(20);
    }
  }

  /** How many rooms show other members than those who are there. */
  async #checkPresence(subscribers: readonly Reader[], asker: Asker): Promise<string[]> {
    const wrong: string[] = [];
    for (const conversationId of conversations) {
      const room = roomOf(conversationId);
      const { members, memberCount } = await asker.untilOk<JoinReply>("join_room", { room, limit: 1 });
      const expected = new Map<string, number>([["asker", 1]]);
      for (const { identity, tracks, isPresent } of subscribers) {
        if (!isPresent || !tracks.some((track) => track.room === room)) continue;
        expected.set(identity.userId, (expected.get(identity.userId) ?? 0) + 1);
      }
      const shown = members.map(({ userId, connections }: Member) => `${userId}×${connections}`).sort();
      const due = [...expected].map(([userId, connections]) => `${userId}×${connections}`).sort();
      if (shown.join() !== due.join()) wrong.push(`${room} shows ${shown.join(" ")}, and there are ${due.join(" ")}`);
      if (memberCount !== expected.size) wrong.push(`${room} counts ${memberCount}, and there are ${expected.size}`);
    }
    return wrong;
  }

  #check(
    truth: TruthReader,
    stayed: readonly Reader[],
    gone: readonly Reader[],
    pieces: Pieces,
    found: Findings,
  ): void {
    for (const conversationId of conversations) {
      const log = truth.truths.get(roomOf(conversationId));
      if (!log) continue;
      checkAccepted(
        this.#accepted.filter((accepted) => accepted.conversationId === conversationId),
        log,
        found,
      );
      this.#piecesLost += checkResponses(log, pieces, found);
      for (const reader of [...stayed, ...gone]) this.#losses += reader.check(log, stayed.includes(reader), found);
    }
  }

  #checkMonitoring(
    truth: TruthReader,
    programs: readonly (HttpProgram | IngestProgram)[],
    stayed: readonly Reader[],
    gone: readonly Reader[],
    found: Findings,
  ): void {
    const log = truth.truths.get(monitoring);
    if (!log) return;
    for (const program of programs) checkTold(program, log, found);
    const told = programs.reduce((sum, program) => sum + program.told.length, 0);
    const logged = log.events.filter(({ type }) => type === toldAs).length;
    if (logged !== told)
      found.unexplained.push(`${monitoring} has ${logged} events of programs, and ${told} were told`);
    for (const reader of [...stayed, ...gone]) this.#losses += reader.check(log, stayed.includes(reader), found);
  }

  #report(
    subscribers: readonly Reader[],
    writers: readonly { sent: number; accepted: readonly unknown[] }[],
    taskWriters: readonly TaskWriter[],
    found: Findings,
    presence: string[],
    failedStarts: number,
  ) {
    const { seed, minutes, instances } = this.#options;
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    const logs = [...(this.#truth?.truths.values() ?? [])];
    const counts = {
      published: sum(writers.map(({ sent }) => sent)) + this.#probes,
      accepted: this.#accepted.length,
      told: this.#told,
      taskChanges: sum(taskWriters.map(({ accepted }) => accepted)),
      logged: sum(logs.map(({ events }) => events.length)),
      deliveries: sum(subscribers.map(({ deliveries }) => deliveries)),
      lost: found.lost.length,
      doubled: found.doubled.length,
      reordered: found.reordered.length,
      parts: found.parts.length,
      unended: found.unended.length,
      stopped: this.#stopped,
      tasksWrong: found.tasks.length,
      unexplained: found.unexplained.length,
      presenceWrong: presence.length,
      piecesLost: this.#piecesLost,
      losses: this.#losses,
    };
    const endings: Record<string, number> = {};
    for (const subscriber of subscribers) {
      for (const [reason, count] of subscriber.endings) endings[reason] = (endings[reason] ?? 0) + count;
    }
    const recovery = summarize(this.#recoveries);
    const catchUp = summarize(this.#catchUps);
    const findings = { ...found, presence };
    for (const [kind, list] of Object.entries(findings)) {
      for (const what of list.slice(0, shownFindings)) console.log(`${kind}: ${what}`);
      if (list.length > shownFindings) console.log(`${kind}: … and ${list.length - shownFindings} more`);
    }
    const passed = Object.values(findings).every((list) => list.length === 0);
    const faultRows = [...this.#faultCounts].sort().map(([name, count]) => [`fault: ${name}`, count] as const);
    console.log(
      `\nseed ${seed}, ${minutes} minutes, ${instances} instances: ${passed ? "passed" : "FAILED"}\n${table([
        ["events published", counts.published],
        ["events accepted", counts.accepted],
        ["events told by programs", counts.told],
        ["changes of tasks accepted", counts.taskChanges],
        ["events in the logs", counts.logged],
        ["deliveries to subscribers", counts.deliveries],
        ...faultRows,
        ["starts that failed without Redis", failedStarts],
        ["pieces taken and only in the end", counts.piecesLost],
        ["losses of history, told", counts.losses],
        ["lost", counts.lost],
        ["doubled", counts.doubled],
        ["reordered", counts.reordered],
        ["responses that were to be stopped", counts.stopped],
        ["parts of responses out of place", counts.parts],
        ["responses without an end", counts.unended],
        ["tasks and streams wrong", counts.tasksWrong],
        ["unexplained", counts.unexplained],
        ["presence wrong", counts.presenceWrong],
        ["recoveries measured", recovery.count],
        ["full recovery, p50 ms", recovery.p50],
        ["full recovery, p99 ms", recovery.p99],
        ["full recovery, max ms", recovery.max],
        ["quiet log caught up, max ms", catchUp.max],
      ])}\n`,
    );
    const faultCounts = Object.fromEntries(this.#faultCounts);
    return {
      passed,
      seed,
      minutes,
      instances,
      ...counts,
      faults: faultCounts,
      failedStarts,
      endings,
      recovery,
      catchUp,
      findings,
    };
  }

  #say(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(6);
    console.log(`${seconds} s  ${text}`);
  }
}
