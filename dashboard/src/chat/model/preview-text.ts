/** More does not fit into a line. */
const lineLength = 400;

/** Markdown as a line of plain words, as a list shows the beginning of a message. */
export function previewText(markdown: string): string {
  return markdown
    .slice(0, lineLength)
    .replace(/^[ \t]*(?:```|~~~).*$/gm, "")
    .replace(/!?\[([^\][]*)\]\([^()\s]*\)/g, "$1")
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+]|\d+[.)])[ \t]+(?:\[[ x]\][ \t]+)?/gm, "")
    .replace(/\*\*|~~|`/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
