import { Alert, Button, Card, Center, Code, PasswordInput, Stack, Text, Title } from "@mantine/core";
import type { SignInProvider } from "@signalbox/client/session";
import { type FormEvent, useState } from "react";
import { Brand } from "../parts/brand.tsx";
import { tokenIn } from "./token-in-address.ts";

interface SignInProps {
  providers: readonly SignInProvider[];
  problem: string | undefined;
  signIn(token: string): Promise<void>;
}

/** For those whom the server does not know yet. */
export function SignIn({ problem, signIn }: SignInProps) {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    await signIn(tokenIn(text));
    setBusy(false);
  }

  return (
    <Center component="main" mih="100dvh" p="md">
      <Card withBorder padding="xl" w="100%" maw={440} shadow="sm">
        <Stack>
          <Brand />
          <Title order={1} size="h3">
            Sign in
          </Title>
          {problem !== undefined && (
            <Alert color="red" title="Refused" role="alert">
              {problem}
            </Alert>
          )}
          <form onSubmit={submit}>
            <Stack>
              <PasswordInput
                label="Token"
                description="Or the whole link in which it stands"
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                required
                autoComplete="off"
                spellCheck={false}
              />
              <Button type="submit" loading={isBusy}>
                Sign in
              </Button>
            </Stack>
          </form>
          <Text size="sm" c="dimmed">
            Outside production, <Code>npm start</Code> prints a link for each of several people: open one, or paste it
            here.
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}
