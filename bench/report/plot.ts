interface Plot {
  title: string;
  /** What the points lie along. */
  across: string;
  /** One below the other, each from zero on: what is flat looks flat. */
  panels: readonly { name: string; points: readonly { x: number; y: number }[] }[];
}

const size = { width: 860, left: 70, right: 90, panel: 110, gap: 34, top: 60 };

/** Lines over time, as a picture. */
export function plotOf({ title, across, panels }: Plot): string {
  const height = size.top + panels.length * (size.panel + size.gap) + 30;
  const last = Math.max(...panels.flatMap(({ points }) => points.map(({ x }) => x)), 1);
  const width = size.width - size.left - size.right;
  const xOf = (x: number) => round(size.left + (width * x) / last);
  const drawn = panels.map(({ name, points }, index) => {
    const bottom = size.top + index * (size.panel + size.gap) + size.panel;
    const most = Math.max(...points.map(({ y }) => y), 1) * 1.15;
    const yOf = (y: number) => round(bottom - (size.panel * y) / most);
    const line = points.map(({ x, y }) => `${xOf(x)},${yOf(y)}`).join(" ");
    const end = points.at(-1);
    return [
      `<text x="${size.left}" y="${bottom - size.panel - 6}">${escaped(name)}</text>`,
      `<path d="M${size.left} ${bottom - size.panel}V${bottom}H${size.left + width}" fill="none" stroke="#bbb"/>`,
      `<text x="${size.left - 8}" y="${bottom}" text-anchor="end" fill="#888">0</text>`,
      `<polyline points="${line}" fill="none" stroke="#2f6fde" stroke-width="2"/>`,
      end ? `<text x="${xOf(end.x) + 8}" y="${yOf(end.y) + 4}" font-weight="bold">${shown(end.y)}</text>` : "",
    ].join("\n");
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const x = last * part;
    return `<text x="${xOf(x)}" y="${height - 18}" text-anchor="middle" fill="#888">${shown(x)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#333" role="img">
<title>${escaped(title)}</title>
<rect width="${size.width}" height="${height}" fill="#fff"/>
<text x="20" y="28" font-size="15" font-weight="bold">${escaped(title)}</text>
${drawn.join("\n")}
${ticks.join("\n")}
<text x="${size.width - 20}" y="${height - 18}" text-anchor="end" fill="#888">${escaped(across)}</text>
</svg>
`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const shown = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en") : String(round(value)));
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
