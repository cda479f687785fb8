/** The title of a conversation, or the names of its other members. */
export function conversationTitle(
  { title, members }: { title?: string | undefined; members: readonly string[] },
  me: string,
) {
  return title ?? (members.filter((member) => member !== me).join(", ") || "Only you");
}
