import { useClient, useStore } from "@signalbox/client/react";
import { useEffect } from "react";
import { conversationsStore } from "./model/conversations-store.ts";

/** Tells how many messages in all conversations one has not read, whatever is looked at. */
export default function UnreadCount({ tell }: { tell(count: number): void }) {
  const { items } = useStore(conversationsStore(useClient()));
  const unread = items.reduce((sum, item) => sum + item.unread, 0);
  useEffect(() => tell(unread), [tell, unread]);
  return null;
}
