import { pause } from "../../runtime/pause.ts";
import { withCommandTimeout } from "./redis-answer.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisConnections } from "./redis-connections.ts";

type Listener = (message: string) => void;

interface Channel {
  listeners: Set<Listener>;
  heard: Listener;
  isSubscribed: boolean;
  /** Runs while what is wanted and what is there differ. */
  settling: Promise<void> | undefined;
}

const retryMs = 50;

/**
 * Channels, each subscribed to for as long as somebody listens. One step is under way per channel at a time: an
 * unsubscription that is overtaken by a subscription may end it, and one that nobody waits for any more may leave a
 * listener behind.
 */
export class RedisChannels {
  readonly #subscriber: RedisClient;
  readonly #failed: (error: unknown) => void;
  readonly #channels = new Map<string, Channel>();

  constructor({ subscriber, failed }: Pick<RedisConnections, "subscriber" | "failed">) {
    this.#subscriber = subscriber;
    this.#failed = failed;
  }

  /**
   * When the promise resolves, no message from then on is missed but by a loss of the connection. Resolves with how to
   * stop. Rejects with `unavailable` when the subscription does not come about in time.
   */
  async listen(name: string, listener: Listener): Promise<() => void> {
    const channel = this.#channels.get(name) ?? this.#create(name);
    channel.listeners.add(listener);
    const stop = () => {
      if (channel.listeners.delete(listener)) this.#settle(name, channel);
    };
    try {
      this.#settle(name, channel);
      await withCommandTimeout(channel.settling ?? Promise.resolve());
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  #create(name: string): Channel {
    const listeners = new Set<Listener>();
    const heard = (message: string) => {
      for (const listener of listeners) listener(message);
    };
    const channel: Channel = { listeners, heard, isSubscribed: false, settling: undefined };
    this.#channels.set(name, channel);
    return channel;
  }

  #settle(name: string, channel: Channel): void {
    if (!channel.settling && !isSettled(channel)) channel.settling = this.#bringAbout(name, channel);
  }

  async #bringAbout(name: string, channel: Channel): Promise<void> {
    while (!isSettled(channel) && this.#subscriber.isOpen) {
      const wanted = channel.listeners.size > 0;
      try {
        if (wanted) await this.#subscriber.subscribe(name, channel.heard);
        else await this.#subscriber.unsubscribe(name, channel.heard);
        channel.isSubscribed = wanted;
      } catch (error) {
        this.#failed(error);
        // The connection was lost, which takes the subscription along or brings it back: once more, then.
        await pause(retryMs);
      }
    }
    channel.settling = undefined;
    if (channel.listeners.size === 0) this.#channels.delete(name);
  }
}

const isSettled = ({ listeners, isSubscribed }: Channel) => listeners.size > 0 === isSubscribed;
