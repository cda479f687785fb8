import { TextFrame } from "../../deliver/text-frame.ts";

// Packets of Engine.IO 4 (`4`: a message) with one of Socket.IO 5 inside (`2`: an event, `3`: a reply), without binary
// attachments, which no event and no reply has.

export function eventFrame(namespace: string, name: string, json: string): TextFrame {
  return new TextFrame(`42${namespace},["${name}",${json}]`);
}

/** The reply to the event with this id. */
export function replyFrame(namespace: string, id: number, json: string): TextFrame {
  return new TextFrame(`43${namespace},${id}[${json}]`);
}

/** The packet for the engine, which adds its own type in front. */
export function packetOf(frame: TextFrame): string {
  return frame.text.slice(1);
}
