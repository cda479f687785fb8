import { formatNumber } from "../ui/format-number.ts";
import { Tag, type Tone } from "../ui/tag.tsx";
import { type Component, type HealthStatus, slotSeconds } from "./health.ts";
import classes from "./health-strip.module.css";

const tones: Record<HealthStatus, Tone> = { ok: "good", degraded: "waiting", down: "bad" };
const componentsShown = 50;

/** Components with their current and recent status. */
export function HealthStrip({ components }: { components: readonly Component[] }) {
  return (
    <ul className={classes.components}>
      {components.slice(0, componentsShown).map(({ name, status, past, metrics }) => (
        <li key={name} className={classes.component}>
          <span className={classes.name} title={name}>
            {name}
          </span>
          <span>{status === null ? <Tag tone="quiet">unknown</Tag> : <Tag tone={tones[status]}>{status}</Tag>}</span>
          <span className={classes.past} role="img" aria-label={historyText(past)}>
            {past.map((then, slot) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its place
              <span key={slot} className={classes.slot} data-status={then} />
            ))}
          </span>
          {Object.keys(metrics).length > 0 && (
            <span className={classes.metrics}>
              {Object.entries(metrics)
                .map(([metric, value]) => `${metric} ${formatNumber(value)}`)
                .join(" · ")}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function historyText(past: Component["past"]): string {
  const bad = past.filter((status) => status === "degraded" || status === "down").length;
  const minutes = Math.max(1, Math.round((past.length * slotSeconds) / 60));
  return bad === 0
    ? `No problems in the last ${minutes} min`
    : `Degraded or down for ${bad * slotSeconds} s of the last ${minutes} min`;
}
