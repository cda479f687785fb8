import { once } from "node:events";
import { type FanOutLoad, fanOut } from "./fan-out.ts";

// A process of its own, on a core of its own. It is told what to do by its parent, and tells it when it measures.

type Order = { load: "fan-out" } & FanOutLoad;

async function measuring(on: boolean): Promise<void> {
  process.send?.({ measuring: on });
  // The parent has read the clocks when it answers.
  await once(process, "message");
}

process.once("message", (order: Order) => {
  fanOut(order, measuring).then(
    (result) => process.send?.({ result }, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
