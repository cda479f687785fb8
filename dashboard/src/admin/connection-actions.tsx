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

/** Menu of actions on a connection. Mounted on the first click, since a menu in every row makes a table slow. */
export function ConnectionActions(props: ConnectionActionsProps) {
  const [isMounted, setMounted] = useState(false);
  return isMounted ? (
    <ActionsMenu {...props} />
  ) : (
    <MenuButton connection={props.connection} onClick={() => setMounted(true)} />
  );
}

function ActionsMenu({ connection, end }: ConnectionActionsProps) {
  const { connectionId, userId } = connection;
  const [isOpen, setOpen] = useState(false);
  // In an effect, so that the button already has the focus, to which it returns when the menu closes.
  useEffect(() => setOpen(true), []);
  return (
    <Menu position="bottom-end" withinPortal opened={isOpen} onChange={setOpen}>
      <Menu.Target>
        <MenuButton connection={connection} autoFocus />
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

function MenuButton({ connection, ...props }: { connection: Connection } & ComponentProps<"button">) {
  return (
    <button
      {...props}
      type="button"
      className={classes.actions}
      aria-label={`Actions for ${connection.userId}, ${connection.connectionId}`}
    >
      ⋯
    </button>
  );
}
