import { type Client, createClient, type Gap } from "../../client-sdk/index.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { Random } from "../support/random.ts";
import { tokenOf } from "../support/tokens.ts";
import type { Findings } from "./checker.ts";
import type { Identity } from "./link.ts";
import { NetworkProxy } from "./network-proxy.ts";
import { everything, type Reader, trackOf } from "./reader.ts";
import { checkTold, type Told, type ToldRoom } from "./told-checker.ts";
import type { Truth } from "./truth.ts";

export interface SdkSubscriberOptions {
  name: string;
  identity: Identity;
  random: Random;
  /** Where instances are, whether they are up or not. */
  ports: readonly number[];
  rooms: readonly string[];
  /** Something that must not happen has. */
  violated(what: string): void;
}

/**
 * An application on the package: it listens, and leaves everything else to the client. Between the two and the instances
 * is a balancer that knows nothing of who is up, so that every connection may come to any instance, or to none.
 */
export class SdkSubscriber implements Reader {
  readonly name: string;
  readonly identity: Identity;
  readonly tracks: readonly ToldRoom[];
  readonly endings = new Map<string, number>();
  deliveries = 0;
  readonly #options: SdkSubscriberOptions;
  readonly #listening = new Map<string, () => void>();
  #balancer: NetworkProxy | undefined;
  #client: Client | undefined;
  #port = 0;
  #back: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: SdkSubscriberOptions) {
    this.name = options.name;
    this.identity = options.identity;
    this.#options = options;
    this.tracks = options.rooms.map((room) => ({ room, position: undefined, live: false, steps: [] }));
  }

  get isLive(): boolean {
    return this.#client?.state === "active" && this.tracks.every((track) => this.#isLive(track));
  }

  get isPresent(): boolean {
    return this.#client?.transport === "websocket";
  }

  start(): void {
    void this.#start();
  }

  stop(abrupt: boolean): void {
    this.#isStopped = true;
    clearTimeout(this.#back);
    if (abrupt) this.#balancer?.set("cut");
    this.#client?.disconnect();
    void this.#balancer?.close();
  }

  move(): void {
    if (this.#isStopped || this.#back) return;
    if (this.#options.random.chance(0.5)) return this.lose();
    this.#client?.disconnect();
    void this.#client?.connect();
  }

  lose(): void {
    if (this.#isStopped || this.#back) return;
    this.#balancer?.set("cut");
    this.#balancer?.set("open");
  }

  stayAway(ms: number): void {
    if (this.#isStopped || this.#back) return;
    if (this.#options.random.chance(0.5)) this.#balancer?.set("cut");
    else this.#client?.disconnect();
    this.#back = setTimeout(() => this.comeBack(), ms);
  }

  comeBack(): void {
    if (!this.#back) return;
    clearTimeout(this.#back);
    this.#back = undefined;
    this.#balancer?.set("open");
    if (this.#client?.state === "closed") void this.#client.connect();
  }

  /** As a page does that is built anew: it goes on where it was. */
  leaveAndReturn(): void {
    const track = this.#options.random.pick(this.tracks);
    const stop = this.#listening.get(track.room);
    if (this.#isStopped || !stop) return;
    stop();
    this.#listen(track);
  }

  check(truth: Truth, stayed: boolean, found: Findings): number {
    const track = this.tracks.find(({ room }) => room === trackOf(truth));
    return track ? checkTold(`${this.name} (sdk)`, track, truth, stayed, found) : 0;
  }

  async #start(): Promise<void> {
    const { ports, random, identity, violated } = this.#options;
    this.#balancer = await NetworkProxy.start(() => {
      this.#port = random.pick(ports);
      return this.#port;
    });
    const client = createClient({
      url: `http://127.0.0.1:${this.#balancer.port}`,
      token: tokenOf(identity.userId, [identity.role]),
      namespaces: [identity.namespace ?? "/chat"],
      backoff: { baseMs: 100, maxMs: 1_000, attempts: Number.POSITIVE_INFINITY },
      openTimeoutMs: 5_000,
      answerTimeoutMs: 4_000,
      logger: { level: "silent" },
    });
    this.#client = client;
    client.on("error", ({ code, message }) => violated(`${this.name} (sdk): ${code} ${message}`));
    client.on("disconnected", () => {
      for (const track of this.tracks) track.live = false;
    });
    client.bus.subscribe("system.connection.close", (close) => {
      const { reason } = close as unknown as { reason: string };
      this.endings.set(reason, (this.endings.get(reason) ?? 0) + 1);
    });
    for (const track of this.tracks) this.#listen(track);
    void client.connect();
  }

  #listen(track: ToldRoom): void {
    const client = this.#client;
    if (!client) return;
    const event = (envelope: Envelope) => {
      const { position } = envelope;
      if (!position) return;
      this.deliveries++;
      track.position = position;
      track.steps.push({ ...this.#here(), kind: "event", event: { ...envelope, position } });
    };
    const gap = ({ position, reason }: Gap) => {
      track.position = position;
      track.steps.push({ ...this.#here(), kind: "gap", position, reason });
    };
    const joined = ({ position }: { position: Position }) => {
      track.live = true;
      track.position = position;
      track.steps.push({ ...this.#here(), kind: "joined", position });
    };
    const refused = (why: unknown) =>
      this.#options.violated(`${this.name} (sdk): refused in ${track.room}: ${JSON.stringify(why)}`);
    if (track.room === everything) {
      const cancel = client.monitoring.subscribe(everything, {}, event, { gap, live: joined, refused });
      this.#listening.set(track.room, cancel);
      return;
    }
    const conversation = client.chat.conversation(track.room.replace("conversation:", ""), { recent: 0 });
    const cancels = [
      conversation.on("*", event),
      conversation.on("gap", gap),
      conversation.on("joined", joined),
      conversation.on("refused", refused),
      conversation.on("left", refused),
    ];
    this.#listening.set(track.room, () => {
      for (const cancel of cancels) cancel();
    });
  }

  #isLive({ room, live }: ToldRoom): boolean {
    if (room === everything) return live;
    return this.#client?.chat.conversation(room.replace("conversation:", "")).isLive ?? false;
  }

  #here(): Pick<Told, "port" | "at"> {
    return { port: this.#port, at: Date.now() };
  }
}
