import { describe, expect, it } from "@jest/globals";
import { CompactPage, isDelta } from "../../server/resume/compact.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ResponseId } from "../../shared/ids.ts";
import { messageEnvelope } from "../support/envelopes.ts";

/** Parts of one response: the attempt and the number of each, `1.0 1.1 2.0`. */
function partsOf(text: string): LoggedEnvelope[] {
  return text.split(" ").map((part, index): LoggedEnvelope => {
    const [attempt = 0, number = 0] = part.split(".").map(Number);
    const data = { responseId: "r" as ResponseId, index: number, delta: `${part} `, attempt };
    const position = { epoch: "e1", offset: index + 1 };
    return { ...messageEnvelope(""), position, type: EventType.ChatResponseDelta, data };
  });
}

const shown = (page: CompactPage) =>
  page.events.map((event) => (isDelta(event) ? `${event.data.delta.trim()} @${event.position.offset}` : event.type));

function forwards(text: string): CompactPage {
  const page = new CompactPage(10);
  for (const part of partsOf(text)) page.append(part);
  return page;
}

function backwards(text: string): CompactPage {
  const page = new CompactPage(10);
  for (const part of partsOf(text).reverse()) page.prepend(part);
  return page;
}

describe("attempts at one response", () => {
  it.each([
    ["1.0 1.1 2.0 2.1", ["2.0 2.1 @4"]],
    ["1.0 1.1 2.0", ["2.0 @3"]],
    ["1.0 2.0 3.0 3.1", ["3.0 3.1 @4"]],
    ["1.0 1.1", ["1.0 1.1 @2"]],
  ])("DISPATCH-13 of %s the newest is shown, in whichever direction the log is read", (text, expected) => {
    expect(shown(forwards(text))).toEqual(expected);
    expect(shown(backwards(text))).toEqual(expected);
  });

  it("DISPATCH-13 later deltas of an older attempt do not count", () => {
    const text = "1.0 2.0 1.1 2.1 1.2";

    expect(shown(forwards(text))).toEqual(["2.0 2.1 @4"]);
    expect(shown(backwards(text)).map((line) => line.replace(/ @\d$/, ""))).toEqual(["2.0 2.1"]);
  });

  it("DISPATCH-13 a page with all deltas of the newest attempt is complete", () => {
    const page = backwards("1.0 1.1 2.0 2.1");

    expect(page.lacksDeltas).toBe(false);
  });
});
