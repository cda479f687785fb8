import { Button, NumberInput, SegmentedControl, Text, TextInput } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "wouter";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert } from "../ui/page-states.tsx";
import { ClockTime } from "../ui/time.tsx";
import classes from "./trace-page.module.css";
import { TraceSteps } from "./trace-steps.tsx";
import { useTrace } from "./use-trace.ts";

/** Live trace of events and commands, step by step. */
export function TracePage() {
  const [parameters] = useSearchParams();
  const [connectionId, roomOfAddress] = [parameters.get("connection"), parameters.get("room")];
  const [kind, setKind] = useState(connectionId === null ? "room" : "connection");
  const [name, setName] = useState(connectionId ?? roomOfAddress ?? "");
  const [seconds, setSeconds] = useState<string | number>(60);
  const { steps, until, error, start, clear } = useTrace();

  function submit(event: FormEvent) {
    event.preventDefault();
    const target = kind === "room" ? { room: name.trim() } : { connectionId: name.trim() };
    void start(target, Number(seconds));
  }

  return (
    <Page title="Trace" fills>
      <form className={classes.form} onSubmit={submit}>
        <SegmentedControl
          aria-label="Trace a"
          size="xs"
          value={kind}
          onChange={setKind}
          data={[
            { value: "room", label: "Room" },
            { value: "connection", label: "Connection" },
          ]}
        />
        <TextInput
          size="xs"
          aria-label={kind === "room" ? "Room" : "Connection id"}
          placeholder={kind === "room" ? "conversation:42" : "Connection id"}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          className={classes.name ?? ""}
          required
        />
        <NumberInput
          size="xs"
          aria-label="Seconds"
          suffix=" s"
          min={1}
          max={300}
          value={seconds}
          onChange={setSeconds}
          w={90}
        />
        <Button size="xs" type="submit" disabled={name.trim() === ""}>
          Start
        </Button>
        <Button size="xs" variant="default" onClick={clear} disabled={steps.length === 0}>
          Clear
        </Button>
      </form>
      <Text size="sm" c="var(--muted)" role="status">
        {until === undefined ? (
          steps.length > 0 && "The trace has ended."
        ) : (
          <>
            Tracing until <ClockTime at={until} />.
          </>
        )}
      </Text>
      {error !== null && <ErrorAlert error={error} />}
      {steps.length === 0 && error === null && (
        <EmptyState icon={IconRoute} title={until === undefined ? "No trace is running" : "No events yet"}>
          A trace follows events from publication, across all instances, to each connection: delivered, written, or
          dropped with the reason. The trace of a connection also shows its commands.
        </EmptyState>
      )}
      {steps.length > 0 && <TraceSteps steps={steps} />}
    </Page>
  );
}
