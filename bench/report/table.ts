import type { Check, Measured } from "../scenario.ts";

export interface Row {
  scenario: string;
  title: string;
  what: string;
  value: number;
  unit: string;
  bar: string;
  reached: boolean;
}

export function rowOf(scenario: { name: string; title: string }, check: Check, measured: Measured): Row {
  const value = check.value(measured);
  const { bar, unit } = check;
  const reached = "atLeast" in bar ? value >= bar.atLeast : value <= bar.atMost;
  const text = "atLeast" in bar ? `at least ${bar.atLeast} ${unit}` : `at most ${bar.atMost} ${unit}`;
  return { scenario: scenario.name, title: scenario.title, what: check.what, value, unit, bar: text.trim(), reached };
}

/** Markdown, so that it can be shown anywhere. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ title, what, value, unit, bar, reached }) => {
    const figure = `**${shown(value)} ${unit}`.trimEnd();
    return `| ${title} | ${what} | ${figure}** | ${bar} | ${reached ? "yes" : "**no**"} |`;
  });
  return ["| scenario | figure | measured | bar | reached |", "|---|---|---|---|---|", ...lines].join("\n");
}

/** What is behind the ratios. */
export function detailsOf(name: string, measured: Measured): string {
  return Object.entries(measured)
    .map(([subject, figures]) => {
      const list = Object.entries(figures).map(([figure, value]) => `${figure} ${shown(value)}`);
      return `  ${name} / ${subject}: ${list.join(", ")}`;
    })
    .join("\n");
}

export function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en").replaceAll(",", " ");
  return String(Math.round(value * 100) / 100);
}
