import { EventToPublish } from "../../../shared/http/events.ts";
import { Rejection } from "../../../shared/rejection.ts";
import { inspectJson } from "../../route/inspect-json.ts";
import { invalidPayload } from "../../route/router.ts";

export interface EntryLimits {
  messageBytes: number;
  jsonDepth: number;
}

/** Parses an entry into the event to publish. Throws a `Rejection` that names the fault. */
export function readEntry(fields: Record<string, string>, { messageBytes, jsonDepth }: EntryLimits): EventToPublish {
  const bytes = Object.entries(fields).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > messageBytes)
    throw new Rejection("too_large", `The entry has ${bytes} bytes; ${messageBytes} are allowed.`);
  const { data, ...rest } = fields;
  const candidate = { ...rest, ...(data === undefined ? {} : { data: parseJson(data) }) };
  inspectJson(candidate, jsonDepth);
  const parsed = EventToPublish.safeParse(candidate);
  if (!parsed.success) throw invalidPayload("the entry", parsed.error);
  return parsed.data;
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
