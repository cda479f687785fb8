import { Group, Text } from "@mantine/core";
import { serverSettings } from "./server-settings.ts";

export function Brand() {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src={`${serverSettings.basePath}/icon.svg`} alt="" width={24} height={24} />
      <Text fw={700}>Signalbox</Text>
    </Group>
  );
}
