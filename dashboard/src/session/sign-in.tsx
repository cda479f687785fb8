import { Alert, Button, Card, Center, Code, Divider, PasswordInput, Stack, Text, Title } from "@mantine/core";
import type { SignInProvider } from "@signalbox/client/session";
import { type FormEvent, useState } from "react";
import { Brand } from "../ui/brand.tsx";
import { extractToken } from "./token-in-url.ts";

interface SignInProps {
  providers: readonly SignInProvider[];
  error: string | undefined;
  signIn(token: string): Promise<void>;
  redirectToProvider(provider: SignInProvider): Promise<void>;
}

/** The sign-in page. */
export function SignIn({ providers, error, signIn, redirectToProvider }: SignInProps) {
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
          {error !== undefined && (
            <Alert color="red" title="Sign-in failed" role="alert">
              {error}
            </Alert>
          )}
          {providers.map((provider) => (
            <Button key={provider.issuer} onClick={() => void redirectToProvider(provider)}>
              Sign in with {new URL(provider.issuer).host}
            </Button>
          ))}
          {providers.length > 0 && <Divider label="or use a token" />}
          <form onSubmit={submit}>
            <Stack>
              <PasswordInput
                label="Token"
                description="The token, or a sign-in link that contains it"
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
            In development, <Code>npm start</Code> prints sign-in links for sample users. Open one, or paste it here.
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}
