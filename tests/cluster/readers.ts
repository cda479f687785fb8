import { afterEach } from "@jest/globals";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Reply } from "../../shared/reply.ts";
import type { Inbox } from "../support/inbox.ts";
import { TestClient } from "../support/test-client.ts";
import { TestEventStream } from "../support/test-event-stream.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { tokenOf } from "../support/tokens.ts";
import { room } from "./cluster.ts";

const opened: { close(): void }[] = [];
/** Whoever comes back by itself does so until the test ends. */
let test = { isOver: false };
afterEach(() => {
  test.isOver = true;
  test = { isOver: false };
  for (const one of opened.splice(0)) one.close();
});

type Message = Pick<Envelope<EventType.ChatMessage>, "position" | "data">;

/** Somebody who reads a conversation, whatever becomes of the connection: what was seen, as offsets with texts. */
export interface Reader {
  seen(): string[];
  /** Why it was not let in, each time that it was not. */
  refusals(): string[];
  /** How many of its connections have ended. */
  ended(): number;
}

export const line = ({ position, data: { message } }: Message) => `${position?.offset} ${message}`;

interface Joined {
  events: Message[];
}

/** What an inbox has of messages, live ones and those that came with a join. */
const messagesOf = (inbox: Inbox): Message[] =>
  inbox.all.flatMap(({ name, data }) => {
    if (name === EventType.ChatMessage) return [data as Message];
    if (name === "joined") return (data as Joined).events;
    return [];
  });

const placeAfter = (messages: readonly Message[]) => {
  const after = messages.at(-1)?.position;
  return { room, limit: 1_000, ...(after && { after }) };
};

/** A stock client, that joins with its last position whenever it is connected. */
export async function stockReader(url: string, io: object): Promise<Reader & { client: TestClient }> {
  const client = new TestClient(url, "/chat", {
    auth: { token: tokenOf("ada") },
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
    ...io,
  });
  opened.push(client);
  const { socket, inbox } = client;
  socket.on("system.connection.established", () => {
    socket.emit("join_room", placeAfter(messagesOf(inbox)), (reply: Reply<Joined>) => {
      if (reply.ok) inbox.put("joined", reply.data);
    });
  });
  await inbox.one("joined");
  const refusals = () => inbox.of<Error>("connect_error").map(({ message }) => message);
  const ended = () => inbox.of("disconnect").length;
  return { client, seen: () => messagesOf(inbox).map(line), refusals, ended };
}

/** A program with a plain WebSocket, that opens another one when it ends. */
export async function plainReader(url: string): Promise<Reader> {
  const during = test;
  const inboxes: Inbox[] = [];
  const messages = () => inboxes.flatMap(messagesOf);
  const open = () => {
    const client = new TestWebSocket(`${url.replace("http", "ws")}/ws?token=${tokenOf("ada")}`);
    opened.push({ close: () => client.socket.terminate() });
    inboxes.push(client.inbox);
    client.socket.on("message", (data) => {
      const { id, payload } = JSON.parse(String(data));
      if (id === "join" && payload.ok) client.inbox.put("joined", payload.data);
    });
    client.socket.on("open", () => {
      client.socket.send(JSON.stringify({ type: "join_room", id: "join", payload: placeAfter(messages()) }));
    });
    client.socket.on("close", () => during.isOver || open());
    return client.inbox;
  };
  await open().one("joined");
  const refusals = () => inboxes.flatMap((inbox) => inbox.of<Error>("error")).map(({ message }) => message);
  const ended = () => inboxes.flatMap((inbox) => inbox.of("close")).length;
  return { seen: () => messages().map(line), refusals, ended };
}

/** A reader of an event stream, that opens another one where it was when it ends. */
export async function streamReader(url: string): Promise<Reader> {
  const during = test;
  const streams: TestEventStream[] = [];
  const refusals: string[] = [];
  const open = async (lastEventId: string | undefined): Promise<void> => {
    if (during.isOver) return;
    const headers = {
      authorization: `Bearer ${tokenOf("ada")}`,
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    };
    const stream = await TestEventStream.open(`${url}/api/events?topics=${room}`, headers).catch(() => undefined);
    // No answer, such as from a connection that was just closed: an EventSource comes back.
    if (!stream) return open(lastEventId);
    opened.push(stream);
    if (!stream.response.ok) return void refusals.push(`${stream.response.status}`);
    streams.push(stream);
    // As an EventSource does: a stream that brought no event leaves the reader where it was.
    const again = stream.inbox.one("end").then(() => open(stream.lastEventId ?? lastEventId));
    again.catch((error: unknown) => refusals.push(String(error)));
  };
  await open(undefined);
  const inboxes = () => streams.map(({ inbox }) => inbox);
  return {
    seen: () => inboxes().flatMap(messagesOf).map(line),
    refusals: () => refusals,
    ended: () => inboxes().flatMap((inbox) => inbox.of("end")).length,
  };
}
