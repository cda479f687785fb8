import { Alert, Button, Card, Center, Code, Divider, PasswordInput, Stack, Text, Title } from "@mantine/core";
import type { SignInProvider } from "@signalbox/client/session";
import { type FormEvent, useState } from "react";
import { Brand } from "../ui/brand.tsx";
import { extractToken } from "./token-in-address.ts";

interface SignInProps {
  providers: readonly SignInProvider[];
  problem: string | undefined;
  signIn(token: string): Promise<void>;
  redirectToProvider(provider: SignInProvider): Promise<void>;
}

/** For those whom the server does not know yet. */
export function SignIn({ providers, problem, signIn, redirectToProvider }: SignInProps) {
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    await signIn(extractToken(text));
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
          {providers.map((provider) => (
            <Button key={provider.issuer} onClick={() => void redirectToProvider(provider)}>
              Sign in at {new URL(provider.issuer).host}
            </Button>
          ))}
          {providers.length > 0 && <Divider label="or with a token" />}
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
              <Button type="submit" variant={providers.length > 0 ? "default" : "filled"} loading={isBusy}>
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
