const maxLength = 400;

/** Markdown as one line of plain text, for the preview in a list. */
export function previewText(markdown: string): string {
  return markdown
    .slice(0, maxLength)
    .replace(/^[ \t]*(?:```|~~~).*$/gm, "")
    .replace(/!?\[([^\][]*)\]\([^()\s]*\)/g, "$1")
    .replace(/^[ \t]*(?:#{1,6}|>|[-*+]|\d+[.)])[ \t]+(?:\[[ x]\][ \t]+)?/gm, "")
    .replace(/\*\*|~~|`/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
