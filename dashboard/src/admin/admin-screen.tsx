import { Title } from "@mantine/core";

export default function AdminScreen() {
  return <Title order={1}>Admin</Title>;
}
