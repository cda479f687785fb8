import { Button, Center, Code, Stack, Text, Title } from "@mantine/core";
import { Component, type ReactNode } from "react";

interface State {
  error: unknown;
}

interface Props {
  /** What is shown then; without it the error and a way on. */
  instead?: ReactNode;
  children: ReactNode;
}

/** Shows what has gone wrong in the part of the page around which it stands; the rest of the page works on. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error ?? new Error("Nothing was said about it.") };
  }

  override render(): ReactNode {
    const { error } = this.state;
    const { instead, children } = this.props;
    if (error === undefined) return children;
    if (instead !== undefined) return instead;
    return (
      <Center p="xl" h="100%">
        <Stack align="flex-start" maw={560} role="alert">
          <Title order={2}>This part has failed</Title>
          <Text>Nothing was lost on the server. Try again, or load the page anew.</Text>
          <Code block>{error instanceof Error ? error.message : String(error)}</Code>
          <Button.Group>
            <Button variant="default" onClick={() => this.setState({ error: undefined })}>
              Try again
            </Button>
            <Button onClick={() => location.reload()}>Load anew</Button>
          </Button.Group>
        </Stack>
      </Center>
    );
  }
}
