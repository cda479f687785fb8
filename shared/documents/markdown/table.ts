/** A table of GitHub's Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A bar would end the cell, also between backticks. */
const cellOf = (text: string) => text.replaceAll("|", "\\|");

/** Lines within one cell. */
export const lines = (texts: readonly string[]): string => texts.join("<br>");

export const code = (text: string): string => `\`${text}\``;

export const codes = (texts: readonly string[]): string => texts.map(code).join(", ");
