import { useDebouncedValue } from "@mantine/hooks";
import { useClient } from "@signalbox/client/react";
import { IconDoor } from "@tabler/icons-react";
import { useCallback } from "react";
import { useQueryParams } from "../ui/use-query-params.ts";
import type { Column } from "../ui/virtual-table.tsx";
import { PagedList } from "./paged-list.tsx";
import type { RoomRow } from "./types.ts";
import { usePagedQuery } from "./use-paged-query.ts";

const pageLength = 200;

const columns: Column<RoomRow>[] = [
  { key: "room", title: "Room", width: "minmax(0, 1fr)", cell: ({ room }) => room },
  {
    key: "connections",
    title: "Connections",
    width: "7rem",
    isNumeric: true,
    cell: ({ connections }) => connections.toLocaleString(),
  },
];

/** Rooms in use, filtered by name prefix. */
export function RoomsPage() {
  const client = useClient();
  const { parameters, set } = useQueryParams<"prefix">();
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
  return (
    <PagedList
      name="Rooms"
      pages={usePagedQuery(read)}
      search={{
        label: "Name starts with",
        placeholder: "Name starts with",
        text,
        change: (prefix) => set("prefix", prefix),
      }}
      empty={{
        icon: IconDoor,
        title: "No matching rooms",
        hint: "A room is listed while at least one connection is in it or watching it.",
      }}
      columns={columns}
      keyOf={keyOf}
      hrefOf={hrefOf}
    />
  );
}

const keyOf = ({ room }: RoomRow) => room;
const hrefOf = ({ room }: RoomRow) => `/admin/rooms/${encodeURIComponent(room)}`;
