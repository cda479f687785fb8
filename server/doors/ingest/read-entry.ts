import { EventToPublish } from "../../../shared/http/events.ts";
import { bytesOfEvent, oversizedPartOfEvent } from "../../../shared/message-bytes.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { assertExact } from "../../route/exact-json.ts";
import { inspectJson } from "../../route/inspect-json.ts";
import { assertNotOversized, invalidPayload } from "../../route/router.ts";

export interface EntryLimits {
  messageBytes: number;
  jsonDepth: number;
}

/** Parses an entry into the event to publish. Throws a `Rejection` that names the fault. */
export function readEntry(fields: Record<string, string>, { messageBytes, jsonDepth }: EntryLimits): EventToPublish {
  const bytes = Object.entries(fields).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  const isLarge = bytes > messageBytes;
  if (isLarge) assertMayHave(bytes, bytesOfEvent(messageBytes));
  const { data, ...rest } = fields;
  const candidate = { ...rest, ...(data === undefined ? {} : { data: parseJson(data) }) };
  const fieldCount = inspectJson(candidate, jsonDepth);
  if (data !== undefined) assertExact(data, fieldCount - Object.keys(candidate).length, { below: ["data"] });
  if (isLarge) assertNotOversized(oversizedPartOfEvent(candidate, messageBytes), messageBytes);
  const parsed = EventToPublish.safeParse(candidate);
  if (!parsed.success) throw invalidPayload("the entry", parsed.error);
  return parsed.data;
}

function assertMayHave(bytes: number, atMost: number): void {
  if (bytes > atMost) throw new Rejection("too_large", `The entry has ${bytes} bytes; ${atMost} are allowed.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Rejection("invalid_payload", "Not valid, the entry: data is not JSON.", [
      { path: "data", message: "must be JSON" },
    ]);
  }
}
