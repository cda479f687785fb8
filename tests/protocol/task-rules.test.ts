import { describe, expect, it } from "@jest/globals";
import { dedupeWindowMs } from "../../server/store/log/event-log.ts";
import { nextStatuses } from "../../server/tasks/task-status.ts";
import { Checkpoint } from "../../shared/entities/checkpoint.ts";
import { CreateCheckpointBody } from "../../shared/http/checkpoints.ts";
import { limits } from "../../shared/limits.ts";
import { differences } from "./described-schema.ts";
import { codeSpans, describedFields, numberIn, only, readDocument, tableRows } from "./document.ts";

const page = readDocument(new URL("../../docs/PROTOCOL.md", import.meta.url));
const section = page.section("8.1");

describe("PROTOCOL.md section 8.1: tasks, streams and checkpoints", () => {
  it("DOC-1 has what a status may become", () => {
    const rows = tableRows(section, "status", "may become").map(([from = "", to = ""]) => [
      codeSpans(from)[0],
      codeSpans(to),
    ]);

    expect(rows).toEqual(Object.entries(nextStatuses));
  });

  it("DOC-1 has the fields of a checkpoint, and of what it is made of", () => {
    const answered = describedFields(only(section, /a checkpoint as\s+`(\{[^`]*\})`/));
    const given = describedFields(only(page.section("8"), /`(\{ checkpointId\?[^`]*\})`; emits/));

    expect(differences(answered, Checkpoint)).toEqual([]);
    expect(differences(given, CreateCheckpointBody)).toEqual([]);
  });

  it("DOC-1 has how many checkpoints there may be, and how long a creation is remembered", () => {
    const checkpoints = numberIn(only(section, /a task has at most ([\d ]+)\./));
    const minutes = Number(only(section, /of the same sender within (\d+) minutes/));

    expect([checkpoints, minutes * 60_000]).toEqual([limits.checkpointsPerTask, dedupeWindowMs]);
  });
});
