import { z } from "zod";

/**
 * Sizes and counts that belong to the contract itself. Limits that an operator may change
 * (rates, bytes per message, …) are server configuration and reach a client in `system.connection.established`.
 * Lengths are in UTF-16 code units, as `String.length` counts them.
 */
export const limits = {
  identifierLength: 128,
  /** A kind, a colon and an id, or a topic pattern. */
  roomNameLength: 160,
  tokenLength: 16_384,
  eventIdLength: 128,
  messageLength: 16_384,
  /** A streamed answer as a whole; the deltas it was sent in are shorter. */
  responseLength: 1_048_576,
  deltaLength: 16_384,
  /** What 40 ms of deltas may add up to before the producer is held back. */
  rolledUpDeltaLength: 65_536,
  /** Streamed answers that one connection writes at the same time. */
  openResponses: 100,
  titleLength: 200,
  nameLength: 200,
  textLength: 4_096,
  reasonLength: 500,
  urlLength: 2_048,
  pathLength: 4_096,
  attachments: 10,
  conversationMembers: 1_000,
  membersPerCommand: 100,
  /** A member list is cut here; the count is of all. */
  membersInReply: 500,
  pageDefault: 50,
  /**
   * Bytes of the events of one page, JSON; one that is larger comes alone. As many as may be asked for fit in while
   * they are small, and two such pages into the backlog that a connection may have.
   */
  pageBytes: 524_288,
  /** Where counting unread messages stops. */
  unreadCounted: 1_000,
  pageMax: 1_000,
  listPageMax: 200,
  topicsPerSubscription: 50,
  typesPerSubscription: 50,
  eventsPerRequest: 500,
  capabilities: 100,
  inFlight: 100,
  /** The default of `LIMIT_MESSAGE_BYTES`. The limits of whole messages are computed from it in `message-bytes.ts`. */
  messageBytesDefault: 65_536,
  /** The least limit of a message with an agent's result, in bytes: 1 MiB, and the fields around it. */
  resultBytes: 1_064_960,
  /** Bytes that a client may send in all before it is authenticated. */
  unknownClientBytes: 1_064_960,
  /** What an agent is asked to do. */
  dispatchLength: 65_536,
  attemptsMax: 100,
  /** The deadline of a dispatch that did not ask for another: 10 minutes. */
  dispatchTimeoutMsDefault: 600_000,
  dispatchTimeoutMsMax: 86_400_000,
  metricsPerUpdate: 200,
  blockedTasks: 1_000,
  checkpointsPerTask: 1_000,
  transitionsKept: 20,
  traceSecondsMax: 300,
  waitSecondsMax: 55,
  /** A request that waits is answered by then, since HAProxy gives up after 50 s by default. */
  waitSecondsAnswered: 45,
} as const;

/** Source: protocol section 10. */
export const ConnectionLimits = z
  .strictObject({
    messageBytes: z
      .int()
      .min(1)
      .describe(
        "Bytes of the free-form JSON of one inbound message. Text has lengths of its own (section 10). Where less than 65536, bytes of the whole message.",
      ),
    roomsPerConnection: z.int().min(1),
    subscriptionsPerConnection: z.int().min(1),
    commandsPerSecond: z.int().min(1),
    commandsBurst: z.int().min(1).describe("Commands that may come at once."),
    jsonDepth: z.int().min(1).describe("Levels of nesting in a message."),
  })
  .meta({ id: "ConnectionLimits", description: "The limits in force for this connection." });
export type ConnectionLimits = z.infer<typeof ConnectionLimits>;
