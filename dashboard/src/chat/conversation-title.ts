/** What a conversation is called: by its title, or by those who are in it. */
export function conversationTitle(
  { title, members }: { title?: string | undefined; members: readonly string[] },
  me: string,
) {
  return title ?? (members.filter((member) => member !== me).join(", ") || "Only you");
}
