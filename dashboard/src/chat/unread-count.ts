import { useClient, useStore } from "@signalbox/client/react";
import { useEffect } from "react";
import { conversationsStore } from "./model/conversations-store.ts";

/** Reports the number of unread messages in all conversations to the navigation. */
export default function UnreadCount({ onCount }: { onCount(count: number): void }) {
  const { items } = useStore(conversationsStore(useClient()));
  const unread = items.reduce((sum, item) => sum + item.unread, 0);
  useEffect(() => onCount(unread), [onCount, unread]);
  return null;
}
