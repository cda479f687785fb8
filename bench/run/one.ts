import { measure } from "./measure.ts";
import type { PeerName } from "./peers.ts";

// For looking closer: `node dist/bench/bench/run/one.js <peer> <load as JSON> [NAME=value …]`, the last for the server.

const [peer, load, ...environment] = process.argv.slice(2);
const variables = Object.fromEntries(environment.map((variable) => variable.split("=", 2)));
const figures = await measure(peer as PeerName, JSON.parse(load ?? "{}"), variables);
for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(24), Math.round(value * 100) / 100);
