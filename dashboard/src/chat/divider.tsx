import classes from "./divider.module.css";

/** A line across the conversation that says something. */
export function Divider({ children, kind }: { children: string; kind: "day" | "new" | "gap" }) {
  return (
    <div className={classes.divider} data-kind={kind} role={kind === "gap" ? "alert" : undefined}>
      <span>{children}</span>
    </div>
  );
}

const reasons: Record<string, string> = {
  trimmed: "the server keeps so much history and no more",
  epoch_changed: "the server's memory began anew",
  ahead_of_log: "the server has lost the end of its history",
};

export function GapDivider({ reason }: { reason: string }) {
  return <Divider kind="gap">{`History before this is gone: ${reasons[reason] ?? reason}.`}</Divider>;
}
