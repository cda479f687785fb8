import { Anchor, Button, Group, Text } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useClient } from "@signalbox/client/react";
import { useCallback, useEffect, useState } from "react";
import { Link } from "wouter";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { Tile, Tiles } from "../ui/tile.tsx";
import type { RoomView } from "./types.ts";

const refreshIntervalMs = 2_000;

/** A room: its members, log position and traffic. Refreshed every two seconds. */
export function RoomPage({ room }: { room: string }) {
  const client = useClient();
  const [view, setView] = useState<RoomView>();
  const [error, setError] = useState<unknown>(null);

  const read = useCallback(async () => {
    try {
      setView(await client.admin.room({ room }));
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  }, [client, room]);
  useEffect(() => void read(), [read]);
  useInterval(() => void read(), refreshIntervalMs, { autoInvoke: true });

  return (
    <Page
      title={room}
      actions={
        <Group gap="xs">
          <Button size="xs" variant="default" component={Link} href={`/admin/trace?room=${encodeURIComponent(room)}`}>
            Trace
          </Button>
          <Anchor component={Link} href="/admin/rooms" size="sm">
            All rooms
          </Anchor>
        </Group>
      }
    >
      {error !== null && <ErrorAlert error={error} />}
      {!view && error === null && <LoadingState rows={3} />}
      {view && (
        <>
          <Tiles>
            <Tile name="Connections">{view.connections.toLocaleString()}</Tile>
            <Tile name="Connected members">{view.memberCount.toLocaleString()}</Tile>
            <Tile name="Events per second">{view.rate}</Tile>
          </Tiles>
          <Panel title="Log">
            {view.position === null ? (
              <Text size="sm">Nothing has been published here yet.</Text>
            ) : (
              <DefinitionList entries={{ Epoch: view.position.epoch, Offset: view.position.offset.toLocaleString() }} />
            )}
          </Panel>
          <Panel title="Members">
            {view.members.length === 0 && (
              <Text size="sm">No member is connected. Monitoring rooms have no member list.</Text>
            )}
            <DefinitionList
              entries={Object.fromEntries(
                view.members.map(({ userId, name, connections }) => [
                  name === null || name === undefined ? userId : `${name} (${userId})`,
                  `${connections} ${connections === 1 ? "connection" : "connections"}`,
                ]),
              )}
            />
            {view.memberCount > view.members.length && (
              <Text size="sm">and {(view.memberCount - view.members.length).toLocaleString()} more</Text>
            )}
          </Panel>
        </>
      )}
    </Page>
  );
}
