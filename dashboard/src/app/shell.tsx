import { Center, Loader, Stack, Text, Title } from "@mantine/core";
import { type Dispatch, type SetStateAction, Suspense, useCallback, useState } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useSignedIn } from "../session/session-context.ts";
import { Brand } from "../ui/brand.tsx";
import { Deferred } from "../ui/deferred.tsx";
import { ErrorBoundary } from "../ui/error-boundary.tsx";
import { ConnectionPill } from "./connection-pill.tsx";
import { Navigation } from "./navigation.tsx";
import { Notifications } from "./notifications.tsx";
import { type Screen, screensOf } from "./screens.ts";
import classes from "./shell.module.css";
import { UserMenu } from "./user-menu.tsx";

/** What stands around every screen: where one can go, who one is, and how far what is shown can be trusted. */
export function Shell() {
  const screens = screensOf(useSignedIn().session);
  const [location] = useLocation();
  const current = screens.find(({ path }) => location === path || location.startsWith(`${path}/`));
  const [waiting, setWaiting] = useState<Waiting>({});
  const unread = waiting["/chat"] ?? 0;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.header}>
        <Brand />
        <div className={classes.status}>
          <ConnectionPill />
          <UserMenu />
        </div>
      </header>
      <Notifications />
      <Navigation screens={screens} current={current} waiting={waiting} />
      {screens.map((screen) => (
        <Counting key={screen.path} screen={screen} setWaiting={setWaiting} />
      ))}
      <main id="content" className={classes.content} tabIndex={-1}>
        {current && <title>{`${unread > 0 ? `(${unread}) ` : ""}${current.name} – Signalbox`}</title>}
        <ErrorBoundary key={current?.path}>
          <Suspense fallback={<Loading />}>
            <Screens screens={screens} />
          </Suspense>
        </ErrorBoundary>
      </main>
    </div>
  );
}

type Waiting = Partial<Record<Screen["path"], number>>;

/** What cannot be counted is not shown; the screen itself says why. */
function Counting({ screen, setWaiting }: { screen: Screen; setWaiting: Dispatch<SetStateAction<Waiting>> }) {
  const { path, waiting } = screen;
  const tell = useCallback(
    (count: number) => setWaiting((before) => ({ ...before, [path]: count })),
    [path, setWaiting],
  );
  if (!waiting) return null;
  return (
    <Deferred>
      <ErrorBoundary instead={null}>
        <Suspense fallback={null}>
          <waiting.Count tell={tell} />
        </Suspense>
      </ErrorBoundary>
    </Deferred>
  );
}

function Screens({ screens }: { screens: readonly Screen[] }) {
  const [first] = screens;
  return (
    <Switch>
      {screens.map(({ path, Content }) => (
        <Route key={path} path={`${path}/*?`} component={Content} />
      ))}
      <Route>{first ? <Redirect to={first.path} replace /> : <NoScreen />}</Route>
    </Switch>
  );
}

function Loading() {
  return (
    <Center h="100%">
      <Loader aria-label="Loading" />
    </Center>
  );
}

function NoScreen() {
  return (
    <Center h="100%" p="xl">
      <Stack maw={480}>
        <Title order={2}>There is no screen for you</Title>
        <Text>None of your roles opens one. Ask whoever gives out the tokens.</Text>
      </Stack>
    </Center>
  );
}
