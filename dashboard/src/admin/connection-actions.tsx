import { Menu } from "@mantine/core";
import { IconBan, IconPlugX, IconRoute, IconUserX } from "@tabler/icons-react";
import { type ComponentProps, useEffect, useState } from "react";
import { Link } from "wouter";
import classes from "./connection-rows.module.css";
import type { DisconnectRequest } from "./disconnect-dialog.tsx";
import type { Connection } from "./types.ts";

interface ConnectionActionsProps {
  connection: Connection;
  end(ending: DisconnectRequest): void;
}

/** What can be done with a connection. The menu comes to be when it is asked for: twenty of them make a table slow. */
export function ConnectionActions(props: ConnectionActionsProps) {
  const [isWanted, setWanted] = useState(false);
  return isWanted ? <Deeds {...props} /> : <Opener connection={props.connection} onClick={() => setWanted(true)} />;
}

function Deeds({ connection, end }: ConnectionActionsProps) {
  const { connectionId, userId } = connection;
  const [isOpen, setOpen] = useState(false);
  // Afterwards, so that the button has the focus by then: that is where it goes back to.
  useEffect(() => setOpen(true), []);
  return (
    <Menu position="bottom-end" withinPortal opened={isOpen} onChange={setOpen}>
      <Menu.Target>
        <Opener connection={connection} autoFocus />
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

function Opener({ connection, ...props }: { connection: Connection } & ComponentProps<"button">) {
  return (
    <button
      {...props}
      type="button"
      className={classes.deeds}
      aria-label={`What to do with ${connection.userId}, ${connection.connectionId}`}
    >
      ⋯
    </button>
  );
}
