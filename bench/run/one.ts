import { measure } from "./measure.ts";
import type { PeerName } from "./peers.ts";

// For looking closer: `node dist/bench/bench/run/one.js <peer> <load as JSON>`

const [peer, load] = process.argv.slice(2);
const figures = await measure(peer as PeerName, JSON.parse(load ?? "{}"));
for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(24), Math.round(value * 100) / 100);
