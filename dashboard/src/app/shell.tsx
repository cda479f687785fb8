import { Center, Loader, Stack, Text, Title } from "@mantine/core";
import { type Dispatch, type SetStateAction, Suspense, useCallback, useState } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useSignedIn } from "../session/session-context.ts";
import { Brand } from "../ui/brand.tsx";
import { Deferred } from "../ui/deferred.tsx";
import { ErrorBoundary } from "../ui/error-boundary.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { ConnectionPill } from "./connection-pill.tsx";
import { Navigation } from "./navigation.tsx";
import { Notifications } from "./notifications.tsx";
import { type Screen, screensOf } from "./screens.ts";
import classes from "./shell.module.css";
import { UserMenu } from "./user-menu.tsx";

/** Frame around every screen: navigation, account menu, connection state and notifications. */
export function Shell() {
  const screens = screensOf(useSignedIn().session);
  const [location] = useLocation();
  const current = screens.find(({ path }) => location === path || location.startsWith(`${path}/`));
  const [counts, setCounts] = useState<Counts>({});
  const unread = counts["/chat"] ?? 0;
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
      <ConnectionBanner />
      <Notifications />
      <Navigation screens={screens} current={current} counts={counts} />
      {screens.map((screen) => (
        <ScreenCounter key={screen.path} screen={screen} setCounts={setCounts} />
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

type Counts = Partial<Record<Screen["path"], number>>;

/** Mounts the counter of a screen. Its errors are hidden here; the screen itself shows them. */
function ScreenCounter({ screen, setCounts }: { screen: Screen; setCounts: Dispatch<SetStateAction<Counts>> }) {
  const { path, counter } = screen;
  const onCount = useCallback(
    (count: number) => setCounts((before) => ({ ...before, [path]: count })),
    [path, setCounts],
  );
  if (!counter) return null;
  return (
    <Deferred>
      <ErrorBoundary fallback={null}>
        <Suspense fallback={null}>
          <counter.Counter onCount={onCount} />
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
        <Title order={2}>No screens available</Title>
        <Text>None of your roles gives access to a screen. Ask the administrator who issues the tokens.</Text>
      </Stack>
    </Center>
  );
}
