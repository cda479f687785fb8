import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply } from "../../shared/reply.ts";
import { checkTrack, type Findings } from "./checker.ts";
import type { Seen } from "./link.ts";
import { everything, type Reader, type ReadRoom, trackOf } from "./reader.ts";
import { pause, Roamer, type RoamerOptions } from "./roamer.ts";
import type { Truth } from "./truth.ts";

export type JoinReply = Omit<CommandData<"/chat", "join_room">, "events"> & { events: LoggedEnvelope[] };

/** What a subscriber heard of a room, in order. */
export type Step = { port: number; at: number } & (
  | { kind: "live"; event: Seen; joined: boolean }
  | { kind: "page"; after: Position | undefined; reply: Omit<JoinReply, "members" | "memberCount"> }
  | { kind: "reset"; position: Position; reason: string }
);

/** A room as one subscriber knows it. */
export interface Track extends ReadRoom {
  steps: Step[];
}

interface SubscriberOptions extends RoamerOptions {
  rooms: readonly string[];
}

const pageSizes = [10, 50, 200, 1_000] as const;

/** Follows rooms, and comes back to each with the position that it has got to. */
export class Subscriber extends Roamer implements Reader {
  readonly tracks: readonly Track[];
  deliveries = 0;
  /** Ephemeral events. */
  signals = 0;
  readonly endings = new Map<string, number>();
  readonly #byRoom: Map<string, Track>;
  /** Rooms whose `leave_room` has no reply yet. A second one at the same time would end in two joins at once. */
  readonly #leaving = new Set<Track>();

  constructor(options: SubscriberOptions) {
    super(options);
    this.tracks = options.rooms.map((room) => ({ room, position: undefined, live: false, steps: [] }));
    this.#byRoom = new Map(this.tracks.map((track) => [track.room, track]));
  }

  get isLive(): boolean {
    return this.isUp && this.tracks.every(({ live }) => live);
  }

  get isPresent(): boolean {
    return true;
  }

  check(truth: Truth, stayed: boolean, found: Findings): number {
    const track = this.#byRoom.get(trackOf(truth));
    return track ? checkTrack(`${this.name} (${this.door})`, track, truth, stayed, found) : 0;
  }

  /** Leaves a room in good order and comes back from where it was. */
  async leaveAndReturn(): Promise<void> {
    const track = this.random.pick(this.tracks);
    const { generation } = this;
    if (!track.live || this.#leaving.has(track)) return;
    this.#leaving.add(track);
    const reply = await this.ask("leave_room", { room: track.room });
    this.#leaving.delete(track);
    if (generation !== this.generation) return;
    track.live = false;
    if (!reply?.ok) return this.move();
    await this.#join(track, generation);
  }

  protected arrived(): void {
    const { generation } = this;
    for (const track of this.tracks) {
      track.live = false;
      void this.#join(track, generation);
    }
  }

  protected heard(event: Seen): void {
    const track = this.#trackOf(event.room);
    if (!track) return;
    if (!event.position) return void this.signals++;
    this.deliveries++;
    track.steps.push({ ...this.#here(), kind: "live", event, joined: track.live });
    track.position = event.position;
  }

  protected override told(name: string, data: unknown): void {
    if (name === "system.connection.close") {
      const { reason } = data as { reason: string };
      this.endings.set(reason, (this.endings.get(reason) ?? 0) + 1);
    }
    if (name === "system.room.left") this.violated(`was put out of ${JSON.stringify(data)}`);
    if (name !== "system.room.reset") return;
    const { room, position, reason } = data as { room: string; position: Position; reason: string };
    const track = this.#trackOf(room);
    if (!track) return;
    track.steps.push({ ...this.#here(), kind: "reset", position, reason });
    track.position = position;
  }

  /** A watcher of `*` hears of all rooms of the one log. */
  #trackOf(room: string): Track | undefined {
    return this.#byRoom.get(room) ?? this.#byRoom.get(everything);
  }

  #here() {
    return { port: this.port, at: Date.now() };
  }

  async #join(track: Track, generation: number): Promise<void> {
    for (let tries = 0; generation === this.generation && !track.live; tries++) {
      const limit = this.random.pick(pageSizes);
      const { room, position: after } = track;
      const reply = await new Promise<Reply<unknown> | undefined>((resolve) => {
        // In the turn of the reply, since the first live event may come in the same.
        this.send("join_room", { room, limit, ...(after && { after }) }, (answer) => {
          if (answer?.ok && generation === this.generation) this.#page(track, after, answer.data as JoinReply);
          resolve(answer);
        });
      });
      if (!reply) return;
      if (!reply.ok) await this.beforeRetry("join_room", reply.error);
      // A client that has a page in hand asks for the next at once; one that gets nothing new would not.
      else if (!track.live && tries > 20) await pause(100);
    }
  }

  #page(track: Track, after: Position | undefined, { members: _, memberCount: __, ...reply }: JoinReply): void {
    this.deliveries += reply.events.length;
    track.steps.push({ ...this.#here(), kind: "page", after, reply });
    track.position = reply.position;
    track.live = reply.joined;
  }
}
