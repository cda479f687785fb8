import { Button, Group, Stack, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { Outcome, useDoing } from "../parts/doing.tsx";
import { Panel } from "../parts/page.tsx";
import type { LogLevel } from "./answers.ts";
import { LevelSelect } from "./level-select.tsx";

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** How much the instances write down. */
export function LogLevelForm() {
  const client = useClient();
  const doing = useDoing();
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
        <Outcome of={doing} />
      </Stack>
    </Panel>
  );
}
