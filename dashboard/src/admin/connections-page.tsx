import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useClient } from "@signalbox/client/react";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useQueryParams } from "../ui/use-query-params.ts";
import { connectionColumns } from "./connection-columns.tsx";
import { ConnectionDrawer } from "./connection-drawer.tsx";
import { DisconnectDialog, type DisconnectRequest } from "./disconnect-dialog.tsx";
import { PagedList } from "./paged-list.tsx";
import type { Connection, Namespace } from "./types.ts";
import { usePagedQuery } from "./use-paged-query.ts";

const namespaces: readonly Namespace[] = ["/chat", "/monitoring", "/agents", "/admin"];
const pageLength = 200;
const registryDelayMs = 2_500;

/** Connections of all instances, filtered and paged by the server. */
export function ConnectionsPage() {
  const client = useClient();
  const { parameters, set } = useQueryParams<"user" | "namespace">();
  const user = parameters.get("user") ?? "";
  const [userId] = useDebouncedValue(user.trim(), 250);
  const namespace = namespaces.find((known) => known === parameters.get("namespace"));
  const [opened, setOpened] = useState<Connection>();
  const [request, setRequest] = useState<DisconnectRequest>();

  const read = useCallback(
    async (cursor: string | undefined) => {
      const { connections: items, nextCursor } = await client.admin.connections({
        limit: pageLength,
        ...(cursor === undefined ? {} : { cursor }),
        ...(userId === "" ? {} : { userId }),
        ...(namespace === undefined ? {} : { namespace }),
      });
      return { items, nextCursor };
    },
    [client, userId, namespace],
  );
  const columns = useMemo(() => connectionColumns({ open: setOpened, end: setRequest }), []);
  const pages = usePagedQuery(read);

  return (
    <PagedList
      name="Connections"
      pages={pages}
      search={{ label: "User", placeholder: "User id", text: user, change: (text) => set("user", text) }}
      filters={
        <Select
          size="xs"
          aria-label="Namespace"
          placeholder="All namespaces"
          data={namespaces}
          value={namespace ?? null}
          onChange={(value) => set("namespace", value)}
          clearable
          w={150}
        />
      }
      empty={{
        icon: IconPlugConnectedX,
        title: "No matching connections",
        hint: "Enter the full user id.",
      }}
      columns={columns}
      keyOf={keyOf}
    >
      <ConnectionDrawer connection={opened} close={() => setOpened(undefined)} end={setRequest} />
      <DisconnectDialog
        request={request}
        close={() => setRequest(undefined)}
        done={() => {
          setOpened(undefined);
          // By then the instances have reported the change to the registry.
          setTimeout(pages.refresh, registryDelayMs);
        }}
      />
    </PagedList>
  );
}

const keyOf = ({ connectionId }: Connection) => connectionId;
