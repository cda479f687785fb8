import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { Panel } from "../parts/page.tsx";
import type { LogLevel } from "./answers.ts";
import { Outcome, useDoing } from "./done.tsx";

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
          <Select
            label="Level"
            data={levels}
            value={level}
            onChange={(value) => setLevel(levels.find((known) => known === value) ?? level)}
            allowDeselect={false}
            w={140}
          />
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
