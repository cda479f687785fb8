import { Button, SegmentedControl, Text } from "@mantine/core";
import { IconBellCheck } from "@tabler/icons-react";
import { useState } from "react";
import { VList } from "virtua";
import { formatNumber } from "../ui/format-number.ts";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert, HistoryLostAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag, type Tone } from "../ui/tag.tsx";
import { RelativeTime } from "../ui/time.tsx";
import { type Alert, useAlerts } from "./alerts.ts";
import classes from "./alerts-page.module.css";

const tones: Record<Alert["severity"], Tone> = { info: "busy", warning: "waiting", critical: "bad" };

export function AlertsPage() {
  const { alerts, open, isLive, gap, refusal, acknowledge, reopen } = useAlerts();
  const [which, setWhich] = useState("open");
  const [dismissed, setDismissed] = useState(gap);
  const shown = which === "open" ? alerts.filter(({ isAcknowledged }) => !isAcknowledged) : alerts;
  return (
    <Page
      title="Alerts"
      fills
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="Which alerts"
            value={which}
            onChange={setWhich}
            data={[
              { value: "open", label: `Open ${open}` },
              { value: "all", label: `All ${alerts.length}` },
            ]}
          />
          <Button
            size="xs"
            variant="default"
            disabled={open === 0}
            onClick={() => acknowledge(alerts.map(({ alertId }) => alertId))}
          >
            Acknowledge all
          </Button>
        </>
      }
    >
      {refusal !== null && <ErrorAlert error={refusal} />}
      {gap && gap !== dismissed && <HistoryLostAlert gap={gap} dismiss={() => setDismissed(gap)} />}
      {!isLive && alerts.length === 0 && <LoadingState />}
      {isLive && shown.length === 0 && (
        <EmptyState icon={IconBellCheck} title={alerts.length === 0 ? "No alerts" : "All alerts are acknowledged"}>
          Acknowledging applies to you only: other users see the alert until they acknowledge it themselves.
        </EmptyState>
      )}
      {shown.length > 0 && (
        <VList data={shown} className={classes.list} tabIndex={0} role="group" aria-label="Alerts, newest first">
          {({ alertId, severity, title, details, at, isAcknowledged }) => (
            <div key={alertId} className={classes.alert} data-acknowledged={isAcknowledged}>
              <span>
                <Tag tone={tones[severity]}>{severity}</Tag>
              </span>
              <div>
                <div className={classes.title}>{title}</div>
                <Text size="sm" c="var(--muted)">
                  <RelativeTime at={at} />
                  {details !== undefined && ` · ${detailsText(details)}`}
                </Text>
              </div>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`${isAcknowledged ? "Reopen" : "Acknowledge"}: ${title}`}
                onClick={() => (isAcknowledged ? reopen(alertId) : acknowledge([alertId]))}
              >
                {isAcknowledged ? "Reopen" : "Acknowledge"}
              </Button>
            </div>
          )}
        </VList>
      )}
    </Page>
  );
}

function detailsText(details: unknown): string {
  return Object.entries(details as Record<string, unknown>)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join(", ");
}

function valueText(value: unknown): string {
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
