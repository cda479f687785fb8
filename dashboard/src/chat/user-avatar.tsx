import { Avatar } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import classes from "./user-avatar.module.css";

/** Initials of a user. Hidden from screen readers, since the name is next to it. */
export function UserAvatar({ name, isAgent = false, size = 32 }: { name: string; isAgent?: boolean; size?: number }) {
  return (
    <Avatar
      name={name}
      color={isAgent ? "violet" : "initials"}
      size={size}
      radius="md"
      classNames={{ placeholder: classes.initials ?? "" }}
      aria-hidden
    >
      {isAgent ? <IconRobot size={size / 1.8} /> : null}
    </Avatar>
  );
}
