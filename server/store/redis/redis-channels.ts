import { pause } from "../../runtime/pause.ts";
import { withCommandTimeout } from "./redis-answer.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisConnections } from "./redis-connections.ts";

type Listener = (message: string) => void;

interface Channel {
  listeners: Set<Listener>;
  heard: Listener;
  isSubscribed: boolean;
  /** Pending while the subscription is being brought in line with the listeners. */
  settling: Promise<void> | undefined;
}

const retryMs = 50;

/**
 * Subscribes to a channel of Redis while it has listeners. Only one command per channel is under way at a time: an
 * unsubscription that overtakes a later subscription would end it, and one that is abandoned could leave the library
 * with a stale listener.
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
   * Adds a listener. Once the promise has resolved, messages are missed only if the connection is lost. Resolves with a
   * function that removes the listener. Rejects with `unavailable` if Redis does not confirm the subscription in time.
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
        // The connection was lost. Whether the library restores the subscription is uncertain, so it is made again.
        await pause(retryMs);
      }
    }
    channel.settling = undefined;
    if (channel.listeners.size === 0) this.#channels.delete(name);
  }
}

const isSettled = ({ listeners, isSubscribed }: Channel) => listeners.size > 0 === isSubscribed;
