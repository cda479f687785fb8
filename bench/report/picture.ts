import { type Row, shown } from "./table.ts";

const bar = { height: 26, gap: 18, left: 430, width: 380 };

/** The ratios that are bars of "at least", as a picture. */
export function pictureOf(rows: readonly Row[], caption: string): string {
  const shownRows = rows.filter(({ unit, bar }) => unit === "×" && bar.startsWith("at least"));
  const longest = Math.max(1, ...shownRows.map(({ value }) => value));
  const height = 70 + shownRows.length * (bar.height + bar.gap);
  const bars = shownRows.map(({ title, value }, index) => {
    const y = 50 + index * (bar.height + bar.gap);
    const one = bar.width / longest;
    return [
      `<text x="${bar.left - 12}" y="${y + 17}" text-anchor="end">${escaped(title.split(", against ")[0] ?? title)}</text>`,
      `<rect x="${bar.left}" y="${y}" width="${round(value * one)}" height="${bar.height}" rx="3" fill="#2f6fde"/>`,
      `<text x="${round(bar.left + value * one + 8)}" y="${y + 18}" font-weight="bold">${shown(value)} ×</text>`,
      `<line x1="${round(bar.left + one)}" x2="${round(bar.left + one)}" y1="${y - 4}" y2="${y + bar.height + 4}" stroke="#888" stroke-dasharray="3 3"/>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#333" role="img">
<title>${escaped(caption)}</title>
<rect width="920" height="${height}" fill="#fff"/>
<text x="20" y="26" font-size="15" font-weight="bold">${escaped(caption)}</text>
${bars.join("\n")}
</svg>
`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
