import { Button, Center, Code, Stack, Text, Title } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { AttemptContext } from "./retryable-lazy.tsx";

interface State {
  error: unknown;
  attempt: number;
}

/** Of all boundaries, so that one that is mounted again counts as another attempt. */
let attempts = 0;

interface Props {
  /** Shown instead of the error and its buttons. */
  fallback?: ReactNode;
  children: ReactNode;
}

/** Catches rendering errors of its children; the rest of the page keeps working. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined, attempt: ++attempts };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error ?? new Error("Unknown error") };
  }

  override render(): ReactNode {
    const { error, attempt } = this.state;
    const { fallback, children } = this.props;
    if (error === undefined) return <AttemptContext value={attempt}>{children}</AttemptContext>;
    if (fallback !== undefined) return fallback;
    return (
      <Center p="xl" h="100%">
        <Stack align="flex-start" maw={560} role="alert">
          <Title order={2}>This part of the page has failed</Title>
          <Text>No data was lost on the server. Try again, or reload the page.</Text>
          <Code block>{error instanceof Error ? error.message : String(error)}</Code>
          <Button.Group>
            <Button variant="default" onClick={() => this.setState({ error: undefined, attempt: ++attempts })}>
              Try again
            </Button>
            <Button onClick={() => location.reload()}>Reload</Button>
          </Button.Group>
        </Stack>
      </Center>
    );
  }
}
