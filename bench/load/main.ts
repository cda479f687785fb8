import { once } from "node:events";
import { type ConnectionsLoad, connections, type IdleLoad, idle } from "./connections.ts";
import { type DispatchesLoad, dispatches } from "./dispatches.ts";
import { type FanOutLoad, fanOut } from "./fan-out.ts";
import { type PublishLoad, publish } from "./publish.ts";
import { emptyRooms, type RoomsLoad, rooms } from "./rooms.ts";
import { type StormLoad, storm } from "./storm.ts";

// A process of its own, on a core of its own. It is told what to do by its parent, and tells it when it measures.

type Order =
  | ({ load: "fan-out" } & FanOutLoad)
  | ({ load: "connections" } & ConnectionsLoad)
  | ({ load: "dispatches" } & DispatchesLoad)
  | ({ load: "idle" } & IdleLoad)
  | ({ load: "publish" } & PublishLoad)
  | ({ load: "storm" } & StormLoad)
  | ({ load: "rooms" | "empty-rooms" } & RoomsLoad);

async function measuring(on: boolean): Promise<void> {
  process.send?.({ measuring: on });
  // The parent has read the clocks when it answers.
  await once(process, "message");
}

function carryOut(order: Order): Promise<object> {
  switch (order.load) {
    case "fan-out":
      return fanOut(order, measuring);
    case "connections":
      return connections(order, measuring);
    case "dispatches":
      return dispatches(order, measuring);
    case "idle":
      return idle(order, measuring);
    case "publish":
      return publish(order, measuring);
    case "storm":
      return storm(order, measuring);
    case "rooms":
      return rooms(order, measuring);
    case "empty-rooms":
      return emptyRooms(order, measuring);
  }
}

process.once("message", (order: Order) => {
  carryOut(order).then(
    (result) => process.send?.({ result }, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
