import { RelativeTime } from "../ui/time.tsx";
import type { Column } from "../ui/virtual-table.tsx";
import { ConnectionActions } from "./connection-actions.tsx";
import classes from "./connection-rows.module.css";
import type { DisconnectRequest } from "./disconnect-dialog.tsx";
import type { Connection } from "./types.ts";

interface ConnectionHandlers {
  open(connection: Connection): void;
  end(ending: DisconnectRequest): void;
}

export function connectionColumns({ open, end }: ConnectionHandlers): Column<Connection>[] {
  return [
    {
      key: "user",
      title: "User",
      width: "minmax(6rem, 1.2fr)",
      cell: (connection) => (
        <button type="button" className={classes.user} onClick={() => open(connection)}>
          {connection.name === null || connection.name === connection.userId
            ? connection.userId
            : `${connection.name} (${connection.userId})`}
        </button>
      ),
    },
    { key: "namespace", title: "Namespace", width: "7rem", cell: ({ namespace }) => namespace },
    { key: "door", title: "Transport", width: "7rem", isWideOnly: true, cell: ({ door }) => door },
    { key: "state", title: "State", width: "6rem", isWideOnly: true, cell: ({ state }) => state },
    { key: "rooms", title: "Rooms", width: "4rem", isWideOnly: true, isNumeric: true, cell: ({ rooms }) => rooms },
    {
      key: "instance",
      title: "Instance",
      width: "minmax(0, 1fr)",
      isWideOnly: true,
      cell: ({ instanceId }) => instanceId,
    },
    {
      key: "since",
      title: "Connected",
      width: "7rem",
      isWideOnly: true,
      cell: ({ connectedAt }) => <RelativeTime at={connectedAt} />,
    },
    {
      key: "actions",
      title: "",
      width: "2rem",
      hasButtons: true,
      cell: (connection) => <ConnectionActions connection={connection} end={end} />,
    },
  ];
}
