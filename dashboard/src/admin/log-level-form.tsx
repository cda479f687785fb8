import { Button, Group, Stack, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import { Panel } from "../ui/page.tsx";
import { LevelSelect } from "./level-select.tsx";
import type { LogLevel } from "./types.ts";

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** How much the instances write down. */
export function LogLevelForm() {
  const client = useClient();
  const doing = useAsyncAction();
  const [level, setLevel] = useState<LogLevel>("info");
  return (
    <Panel title="Log level">
      <Stack gap="xs">
        <Text size="sm">For all instances, until each of them is started again.</Text>
        <Group align="end" gap="xs">
          <LevelSelect levels={levels} level={level} choose={setLevel} />
          <Button
            variant="default"
            loading={doing.isBusy}
            onClick={() => void doing.run(async () => `It is ${(await client.admin.logLevel({ level })).level} now.`)}
          >
            Change
          </Button>
        </Group>
        <ActionOutcome of={doing} />
      </Stack>
    </Panel>
  );
}
