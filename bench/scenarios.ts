import {
  against,
  complete,
  deliveries,
  fanOut,
  own,
  publishing,
  ratio,
  type Scenario,
  steady,
  work,
} from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  {
    name: "fan-out",
    title: "1 room × 1 000, 8 publications in flight, against socket.io",
    subjects: against("signalbox", "socket.io", fanOut({ rooms: 1, members: 1_000, inFlight: 8 })),
    checks: [deliveries(6), work(6), complete],
    quick: true,
    headline: true,
  },
  {
    name: "fan-out-1",
    title: "1 room × 1 000, 1 in flight, against socket.io",
    subjects: against("signalbox", "socket.io", fanOut({ rooms: 1, members: 1_000, inFlight: 1 })),
    checks: [deliveries(1.3), work(1.3), complete],
    quick: true,
    headline: true,
  },
  {
    name: "fan-out-redis",
    title: "1 room × 1 000 over Redis, 8 in flight, against socket.io + redis-adapter",
    subjects: against(
      "signalbox over Redis",
      "socket.io + redis-adapter",
      fanOut({ rooms: 1, members: 1_000, inFlight: 8 }),
    ),
    checks: [deliveries(5), work(5), complete],
    quick: true,
    headline: true,
  },
  {
    name: "small-rooms",
    title: "400 rooms × 5, 8 in flight in each, against socket.io",
    subjects: against("signalbox", "socket.io", fanOut({ rooms: 400, members: 5, inFlight: 8 })),
    checks: [deliveries(1.4), work(1.4), complete],
    quick: true,
    headline: true,
  },
  {
    name: "small-rooms-redis",
    title: "400 rooms × 5 over Redis, 8 in flight in each, against socket.io + redis-adapter",
    subjects: against(
      "signalbox over Redis",
      "socket.io + redis-adapter",
      fanOut({ rooms: 400, members: 5, inFlight: 8 }),
    ),
    checks: [deliveries(2), work(2), complete],
    quick: true,
    headline: true,
  },
  {
    name: "fan-out-streams",
    title: "1 room × 1 000 over Redis, 8 in flight, against socket.io + redis-streams-adapter",
    subjects: against(
      "signalbox over Redis",
      "socket.io + redis-streams-adapter",
      fanOut({ rooms: 1, members: 1_000, inFlight: 8 }),
    ),
    checks: [deliveries(1), work(1), complete],
  },
  {
    name: "small-rooms-streams",
    title: "400 rooms × 5 over Redis, 8 in flight in each, against socket.io + redis-streams-adapter",
    subjects: against(
      "signalbox over Redis",
      "socket.io + redis-streams-adapter",
      fanOut({ rooms: 400, members: 5, inFlight: 8 }),
    ),
    checks: [deliveries(1), work(1), complete],
  },
  {
    name: "ws",
    title: "1 room × 1 000, 8 in flight, against bare ws",
    subjects: against("signalbox", "ws", fanOut({ rooms: 1, members: 1_000, inFlight: 8 })),
    checks: [deliveries(1), work(1), complete],
  },
  ...(["nchan", "Flask-SocketIO", "FastAPI"] as const).map(
    (peer): Scenario => ({
      name: peer.toLowerCase(),
      title: `1 room × 1 000, 8 in flight, against ${peer}`,
      subjects: against("signalbox", peer, fanOut({ rooms: 1, members: 1_000, inFlight: 8 })),
      checks: [deliveries(1), work(1), complete],
    }),
  ),
  {
    name: "publish",
    title: "40 publishers, 50 in flight each, 4 rooms over Redis, no subscribers, against ws + one bare XADD",
    subjects: against("signalbox over Redis, alone", "ws + XADD", publishing({ inFlight: 50, warmupSeconds: 5 })),
    checks: [
      { what: "accepted/s", value: own("acceptedPerSecond"), bar: { atLeast: 20_000 }, unit: "/s" },
      { what: "accepted/s", value: ratio("acceptedPerSecond"), bar: { atLeast: 0.5 }, unit: "×" },
      { what: "refused", value: own("refused"), bar: { atMost: 0 }, unit: "" },
    ],
    headline: true,
  },
  {
    name: "publish-calm",
    title: "5 000 publications a second over Redis, against ws + one bare XADD",
    subjects: against("signalbox over Redis, alone", "ws + XADD", publishing({ inFlight: 1, rate: 5_000 })),
    checks: [
      { what: "p99", value: own("p99"), bar: { atMost: 50 }, unit: "ms" },
      { what: "refused", value: own("refused"), bar: { atMost: 0 }, unit: "" },
    ],
  },
  {
    name: "hot-room",
    title: "1 room × 100, 100 000 deliveries/s, against socket.io",
    subjects: against(
      "signalbox",
      "socket.io",
      fanOut({ rooms: 1, members: 100, inFlight: 1, rate: 1_000, ...steady }),
    ),
    checks: [
      { what: "CPU per delivery", value: ratio("cpuMicrosPerDelivery"), bar: { atMost: 0.75 }, unit: "×" },
      { what: "p99", value: ratio("p99"), bar: { atMost: 0.5 }, unit: "×" },
      complete,
    ],
    headline: true,
  },
  {
    name: "calm",
    title: "100 rooms × 10, 2 000 deliveries/s, against socket.io",
    subjects: against("signalbox", "socket.io", fanOut({ rooms: 100, members: 10, inFlight: 1, rate: 200, ...steady })),
    checks: [{ what: "p99", value: ratio("p99"), bar: { atMost: 1 }, unit: "×" }, complete],
    headline: true,
  },
  {
    name: "greedy",
    title: "a greedy publisher in a room of 100, beside ten quiet rooms × 10",
    subjects: {
      ours: {
        peer: "signalbox",
        load: fanOut({ rooms: 10, members: 10, inFlight: 1, rate: 100, greedyMembers: 100, greedyInFlight: 5_000 }),
      },
    },
    checks: [
      { what: "longest stall of the loop", value: own("loopStallMs"), bar: { atMost: 200 }, unit: "ms" },
      { what: "p99 of the quiet rooms", value: own("p99"), bar: { atMost: 250 }, unit: "ms" },
      complete,
    ],
  },
  {
    name: "connections",
    title: "connections with a verified token and a joined room, against socket.io",
    subjects: {
      ours: { peer: "signalbox", load: { load: "connections", connections: 4_000, roomSize: 10 } },
      theirs: {
        peer: "socket.io",
        load: { load: "connections", connections: 4_000, roomSize: 10 },
        environment: { CHECK_TOKENS: "yes" },
      },
    },
    checks: [
      { what: "connections/s", value: ratio("connectionsPerSecond"), bar: { atLeast: 0.9 }, unit: "×" },
      { what: "CPU per connection", value: ratio("cpuMicrosPerConnection"), bar: { atMost: 1.11 }, unit: "×" },
    ],
    headline: true,
  },
  {
    name: "memory",
    title: "10 000 idle connections, against socket.io",
    subjects: against("signalbox", "socket.io", { load: "idle", connections: 10_000 }),
    checks: [{ what: "RSS per connection", value: ratio("bytesPerConnection"), bar: { atMost: 1.1 }, unit: "×" }],
    headline: true,
  },
  {
    name: "storm",
    title: "5 000 clients reconnect and resume with 20 missed events of 50 rooms, against socket.io, reconnect only",
    subjects: against("signalbox", "socket.io", { load: "storm", clients: 5_000, rooms: 50, missed: 20 }),
    checks: [
      { what: "time to the last", value: ratio("lastBackMs"), bar: { atMost: 0.8 }, unit: "×" },
      { what: "longest stall of the loop", value: own("loopStallMs"), bar: { atMost: 500 }, unit: "ms" },
    ],
    headline: true,
  },
  {
    name: "patterns",
    title: "publishing while 10 000 patterns are watched against 10",
    subjects: {
      ours: { peer: "signalbox", load: { load: "patterns", patterns: 10_000 } },
      theirs: { peer: "signalbox", load: { load: "patterns", patterns: 10 } },
    },
    checks: [{ what: "CPU per publication", value: ratio("cpuMicrosPerPublication"), bar: { atMost: 1.2 }, unit: "×" }],
  },
  {
    name: "growth-members",
    title: "a room of 10 000 against one of 100, 8 in flight",
    subjects: {
      ours: { peer: "signalbox", load: fanOut({ rooms: 1, members: 10_000, inFlight: 8, payloadBytes: 150 }) },
      theirs: { peer: "signalbox", load: fanOut({ rooms: 1, members: 100, inFlight: 8, payloadBytes: 150 }) },
    },
    checks: [
      { what: "CPU per delivery", value: ratio("cpuMicrosPerDelivery"), bar: { atMost: 1.2 }, unit: "×" },
      complete,
    ],
  },
  {
    name: "growth-rooms",
    title: "publishing in 100 000 rooms against 10",
    subjects: {
      ours: { peer: "signalbox", load: { load: "rooms", rooms: 100_000 } },
      theirs: { peer: "signalbox", load: { load: "rooms", rooms: 10 } },
    },
    checks: [{ what: "CPU per publication", value: ratio("cpuMicrosPerPublication"), bar: { atMost: 1.2 }, unit: "×" }],
  },
  {
    name: "empty-rooms",
    title: "20 000 rooms, created, joined and left",
    subjects: { ours: { peer: "signalbox", load: { load: "empty-rooms", rooms: 20_000 } } },
    checks: [{ what: "memory per room", value: own("bytesPerEmptyRoom"), bar: { atMost: 2_048 }, unit: "bytes" }],
  },
  {
    name: "dispatches",
    title: "200 dispatches/s to an agent that answers at once: from the request to the result",
    subjects: {
      ours: { peer: "signalbox over Redis, alone", load: { load: "dispatches", agents: 1, rate: 200, ...steady } },
    },
    checks: [
      { what: "p50", value: own("p50"), bar: { atMost: 5 }, unit: "ms" },
      { what: "p99", value: own("p99"), bar: { atMost: 25 }, unit: "ms" },
      complete,
    ],
    headline: true,
  },
];
