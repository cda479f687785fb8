import { Button, Group, Stack, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import { Panel } from "../ui/page.tsx";
import { LevelSelect } from "./level-select.tsx";
import type { LogLevel } from "./types.ts";

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** Changes the log level of all instances. */
export function LogLevelForm() {
  const client = useClient();
  const action = useAsyncAction();
  const [level, setLevel] = useState<LogLevel>("info");
  return (
    <Panel title="Log level">
      <Stack gap="xs">
        <Text size="sm">Applies to all instances until they restart.</Text>
        <Group align="end" gap="xs">
          <LevelSelect levels={levels} level={level} choose={setLevel} />
          <Button
            variant="default"
            loading={action.isBusy}
            onClick={() =>
              void action.run(async () => `The log level is now ${(await client.admin.logLevel({ level })).level}.`)
            }
          >
            Change
          </Button>
        </Group>
        <ActionOutcome of={action} />
      </Stack>
    </Panel>
  );
}
