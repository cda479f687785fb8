import { ActionIcon, Anchor, Menu } from "@mantine/core";
import { IconBan, IconDots, IconPlugX, IconRoute, IconUserX } from "@tabler/icons-react";
import { Link } from "wouter";
import { Ago } from "../parts/time.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import type { Connection } from "./answers.ts";
import type { Ending } from "./ending-dialog.tsx";

interface Deeds {
  open(connection: Connection): void;
  end(ending: Ending): void;
}

export function connectionColumns({ open, end }: Deeds): Column<Connection>[] {
  return [
    {
      key: "user",
      title: "User",
      width: "minmax(6rem, 1.2fr)",
      cell: (connection) => (
        <Anchor component="button" type="button" size="sm" fw={500} onClick={() => open(connection)}>
          {connection.name === null || connection.name === connection.userId
            ? connection.userId
            : `${connection.name} (${connection.userId})`}
        </Anchor>
      ),
    },
    { key: "namespace", title: "Namespace", width: "7rem", cell: ({ namespace }) => namespace },
    { key: "door", title: "Door", width: "7rem", isForWide: true, cell: ({ door }) => door },
    { key: "state", title: "State", width: "6rem", isForWide: true, cell: ({ state }) => state },
    { key: "rooms", title: "Rooms", width: "4rem", isForWide: true, isEnd: true, cell: ({ rooms }) => rooms },
    {
      key: "instance",
      title: "Instance",
      width: "minmax(0, 1fr)",
      isForWide: true,
      cell: ({ instanceId }) => instanceId,
    },
    {
      key: "since",
      title: "Connected",
      width: "7rem",
      isForWide: true,
      cell: ({ connectedAt }) => <Ago at={connectedAt} />,
    },
    {
      key: "deeds",
      title: "",
      width: "2rem",
      hasButtons: true,
      cell: (connection) => <Deeds connection={connection} end={end} />,
    },
  ];
}

function Deeds({ connection, end }: { connection: Connection; end(ending: Ending): void }) {
  const { connectionId, userId } = connection;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${userId}, ${connectionId}`}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconRoute size={16} aria-hidden />}
          component={Link}
          href={`/admin/trace?connection=${encodeURIComponent(connectionId)}`}
        >
          Trace
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPlugX size={16} aria-hidden />}
          onClick={() => end({ kind: "connection", id: connectionId, userId })}
        >
          Disconnect
        </Menu.Item>
        <Menu.Item
          leftSection={<IconUserX size={16} aria-hidden />}
          onClick={() => end({ kind: "user", id: userId, userId })}
        >
          Disconnect {userId} everywhere
        </Menu.Item>
        <Menu.Item
          leftSection={<IconBan size={16} aria-hidden />}
          color="red"
          onClick={() => end({ kind: "tokens", id: userId, userId })}
        >
          Revoke tokens of {userId}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
