import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useClient } from "@signalbox/client/react";
import { IconDoor, IconRefresh } from "@tabler/icons-react";
import { useCallback } from "react";
import { useSearchParams } from "wouter";
import { Page } from "../parts/page.tsx";
import { Empty, Problem, Waiting } from "../parts/states.tsx";
import { type Column, VirtualTable } from "../parts/virtual-table.tsx";
import type { RoomRow } from "./answers.ts";
import { usePages } from "./pages.ts";

const pageLength = 200;

const columns: Column<RoomRow>[] = [
  { key: "room", title: "Room", width: "minmax(0, 1fr)", cell: ({ room }) => room },
  {
    key: "connections",
    title: "Connections",
    width: "7rem",
    isEnd: true,
    cell: ({ connections }) => connections.toLocaleString(),
  },
];

/** Rooms that somebody is in, by how their names begin. */
export function RoomsPage() {
  const client = useClient();
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.get("prefix") ?? "";
  const [prefix] = useDebouncedValue(text.trim(), 250);
  const read = useCallback(
    async (cursor: string | undefined) => {
      const { rooms: items, nextCursor } = await client.admin.rooms({
        limit: pageLength,
        ...(cursor === undefined ? {} : { cursor }),
        ...(prefix === "" ? {} : { prefix }),
      });
      return { items, nextCursor };
    },
    [client, prefix],
  );
  const { items, isReady, isReading, hasMore, error, more, again } = usePages(read);
  return (
    <Page
      title={`Rooms${isReady ? ` (${items.length.toLocaleString()}${hasMore ? " and more" : ""})` : ""}`}
      fills
      actions={
        <>
          <TextInput
            size="xs"
            type="search"
            aria-label="Name begins with"
            placeholder="conversation:"
            value={text}
            onChange={(event) => setParameters({ prefix: event.currentTarget.value }, { replace: true })}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            loading={isReading}
            onClick={again}
          >
            Read again
          </Button>
        </>
      }
    >
      {error !== null && <Problem error={error} />}
      {!isReady && error === null && <Waiting />}
      {isReady && items.length === 0 && (
        <Empty icon={IconDoor} title="Nobody is in a room that is called so">
          Rooms stand here while somebody is in them or watches them.
        </Empty>
      )}
      {items.length > 0 && (
        <VirtualTable
          label="Rooms"
          rows={items}
          columns={columns}
          keyOf={({ room }) => room}
          hrefOf={({ room }) => `/admin/rooms/${encodeURIComponent(room)}`}
          onEnd={more}
        />
      )}
    </Page>
  );
}
