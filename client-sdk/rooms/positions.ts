import type { Position } from "../../shared/position.ts";
import type { TextStore } from "../connection/environment.ts";

/** Position of the last event delivered, by room and subscription. */
export interface Positions {
  get(key: string): Position | undefined;
  set(key: string, position: Position): void;
  delete(key: string): void;
}

/** Keys are `signalbox:{scope}:…`. Positions belong to a user, so clients of different users need different scopes. */
export function createPositions(store: TextStore, scope: string): Positions {
  const nameOf = (key: string) => `signalbox:${scope}:${key}`;
  return {
    get(key) {
      const match = /^([a-z0-9]{1,32}):([0-9]{1,16})$/.exec(store.get(nameOf(key)) ?? "");
      return match?.[1] ? { epoch: match[1], offset: Number(match[2]) } : undefined;
    },
    set: (key, { epoch, offset }) => store.set(nameOf(key), `${epoch}:${offset}`),
    delete: (key) => store.delete(nameOf(key)),
  };
}
