import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useClient } from "@signalbox/client/react";
import { IconPlugConnectedX, IconRefresh } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { Page } from "../parts/page.tsx";
import { Empty, Problem, Waiting } from "../parts/states.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Connection, Namespace } from "./answers.ts";
import { connectionColumns } from "./connection-columns.tsx";
import { ConnectionDrawer } from "./connection-drawer.tsx";
import { type Ending, EndingDialog } from "./ending-dialog.tsx";
import { usePages } from "./pages.ts";

const namespaces: readonly Namespace[] = ["/chat", "/monitoring", "/agents", "/admin"];
const pageLength = 200;
const reportedWithinMs = 2_500;

/** Every connection of every instance, a page at a time: the server searches, not the browser. */
export function ConnectionsPage() {
  const client = useClient();
  const [parameters, setParameters] = useSearchParams();
  const user = parameters.get("user") ?? "";
  const [userId] = useDebouncedValue(user.trim(), 250);
  const namespace = namespaces.find((known) => known === parameters.get("namespace"));
  const [opened, setOpened] = useState<Connection>();
  const [ending, setEnding] = useState<Ending>();

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
  const columns = useMemo(() => connectionColumns({ open: setOpened, end: setEnding }), []);
  const { items, isReady, isReading, hasMore, error, more, again } = usePages(read);
  const set = (name: string, value: string | null) =>
    setParameters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );

  return (
    <Page
      title={`Connections${isReady ? ` (${items.length.toLocaleString()}${hasMore ? " and more" : ""})` : ""}`}
      fills
      actions={
        <>
          <TextInput
            size="xs"
            type="search"
            aria-label="User"
            placeholder="User id"
            value={user}
            onChange={(event) => set("user", event.currentTarget.value)}
          />
          <Select
            size="xs"
            aria-label="Namespace"
            placeholder="Every namespace"
            data={namespaces}
            value={namespace ?? null}
            onChange={(value) => set("namespace", value)}
            clearable
            w={150}
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
        <Empty icon={IconPlugConnectedX} title="No connection is like that">
          A user is found by the whole id.
        </Empty>
      )}
      {items.length > 0 && (
        <VirtualTable
          label="Connections"
          rows={items}
          columns={columns}
          keyOf={({ connectionId }) => connectionId}
          onEnd={more}
        />
      )}
      <ConnectionDrawer connection={opened} close={() => setOpened(undefined)} end={setEnding} />
      <EndingDialog
        ending={ending}
        close={() => setEnding(undefined)}
        done={() => {
          setOpened(undefined);
          // By then every instance has told the registry.
          setTimeout(again, reportedWithinMs);
        }}
      />
    </Page>
  );
}
