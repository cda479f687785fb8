import { Title } from "@mantine/core";

export default function ChatScreen() {
  return <Title order={1}>Chat</Title>;
}
