import type { Reply, ReplyError } from "../../shared/reply.ts";
import type { Random } from "../support/random.ts";
import { type Door, type Identity, type Link, openLink, type Seen } from "./link.ts";

export interface RoamerOptions {
  name: string;
  identity: Identity;
  door: Door;
  random: Random;
  /** Where instances are, whether they are up or not. */
  ports: readonly number[];
  /** Something that must not happen has. */
  violated(what: string): void;
}

/** A client that is connected to one instance or another, and looks for another one when it cannot get through. */
export abstract class Roamer {
  readonly name: string;
  readonly identity: Identity;
  readonly door: Door;
  protected readonly random: Random;
  protected readonly violated: (what: string) => void;
  /** One more with every connection, and with every end of one: what belongs to an earlier one is void. */
  protected generation = 0;
  /** Where it is connected or wants to be. */
  protected port = 0;
  readonly #ports: readonly number[];
  #link: Link | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RoamerOptions) {
    this.name = options.name;
    this.identity = options.identity;
    this.door = options.door;
    this.random = options.random;
    this.violated = (what) => options.violated(`${options.name} (${options.door}): ${what}`);
    this.#ports = options.ports;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  get isUp(): boolean {
    return this.#link?.isUp ?? false;
  }

  start(): void {
    this.#open(this.random.pick(this.#ports));
  }

  /** Goes to an instance at random, perhaps the same. */
  move(abrupt = this.random.chance(0.5)): void {
    if (this.#stopped) return;
    this.#end(abrupt);
    this.#open(this.random.pick(this.#ports));
  }

  /** Is gone for so long. */
  stayAway(ms: number): void {
    if (this.#stopped) return;
    this.#end(this.random.chance(0.5));
    this.#timer = setTimeout(() => this.move(), ms);
  }

  /** Ends its absence, if it is away. */
  comeBack(): void {
    if (!this.#link) this.move();
  }

  lose(): void {
    this.#link?.lose();
  }

  stop(abrupt: boolean): void {
    this.#stopped = true;
    this.#end(abrupt);
  }

  /** Connected. */
  protected abstract arrived(): void;
  protected abstract heard(event: Seen): void;
  protected told(_name: string, _data: unknown): void {}

  /** Calls back in the turn in which the reply arrives. Without a reply in time the client goes elsewhere. */
  protected send(name: string, payload: unknown, done: (reply: Reply<unknown> | undefined) => void): void {
    const { generation } = this;
    const link = this.#link;
    if (!link) return void setImmediate(done, undefined);
    link.command(name, payload, 4_000, (reply) => {
      if (!reply && generation === this.generation && link.isUp) this.move(true);
      done(reply);
    });
  }

  /** The reply, or `undefined` when none came in time. */
  protected ask(name: string, payload: unknown): Promise<Reply<unknown> | undefined> {
    return new Promise((resolve) => this.send(name, payload, resolve));
  }

  /** Waits before another try; says so if there must be none. */
  protected async beforeRetry(command: string, error: ReplyError | undefined): Promise<void> {
    if (error && !error.retryable) this.violated(`${command} was refused: ${error.code} ${error.message}`);
    await pause(this.random.between(50, 300));
  }

  #open(port: number): void {
    if (this.#stopped) return;
    this.port = port;
    this.#link = openLink(this.door, port, this.identity, {
      up: () => {
        clearTimeout(this.#timer);
        this.generation++;
        this.arrived();
      },
      down: (why) => {
        this.generation++;
        // A stock client comes back to the same instance by itself, unless the server wanted it to stay away.
        const comesBack = this.door !== "ws" && why !== "io server disconnect";
        this.#watch(comesBack ? this.random.between(1_000, 4_000) : this.random.between(50, 500));
      },
      event: (event) => this.heard(event),
      system: (name, data) => this.told(name, data),
      refused: (why) => {
        if (!/"retryable":true/.test(why)) this.violated(`refused: ${why}`);
        this.#watch(this.random.between(100, 600));
      },
    });
    this.#watch(this.random.between(1_500, 4_000));
  }

  /** Goes elsewhere if it is not connected by then. */
  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => !this.isUp && this.move(), ms);
  }

  #end(abrupt: boolean): void {
    clearTimeout(this.#timer);
    this.generation++;
    this.#link?.close(abrupt);
    this.#link = undefined;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
