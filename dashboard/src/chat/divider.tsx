import classes from "./divider.module.css";

/** A labelled line across the conversation. */
export function Divider({ children, kind }: { children: string; kind: "day" | "new" | "gap" }) {
  return (
    <div className={classes.divider} data-kind={kind} role={kind === "gap" ? "alert" : undefined}>
      <span>{children}</span>
    </div>
  );
}

const reasons: Record<string, string> = {
  trimmed: "you were away for longer than the server keeps it",
  epoch_changed: "the server has restarted with an empty history",
  ahead_of_log: "the server has lost its most recent history",
};

export function GapDivider({ reason }: { reason: string }) {
  return <Divider kind="gap">{`Messages were lost here: ${reasons[reason] ?? reason}.`}</Divider>;
}
