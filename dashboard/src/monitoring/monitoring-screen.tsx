import { Title } from "@mantine/core";

export default function MonitoringScreen() {
  return <Title order={1}>Monitoring</Title>;
}
