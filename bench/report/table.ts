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
  const lines = rows.map(
    (row) => `| ${row.title} | ${row.what} | ${figureOf(row)} | ${row.bar} | ${row.reached ? "yes" : "**no**"} |`,
  );
  return ["| scenario | figure | measured | bar | reached |", "|---|---|---|---|---|", ...lines].join("\n");
}

/**
 * A line for each headline, and for each scenario that misses a bar, whether it is one or not. What only confirms that
 * nothing was lost is left out.
 */
export function headlinesOf(rows: readonly Row[], headlines: ReadonlySet<string>): string {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))]
    .map((name) => rows.filter(({ scenario }) => scenario === name))
    .filter((own) => own.some(({ scenario, reached }) => headlines.has(scenario) || !reached));
  const lines = scenarios.map((own) => {
    const told = own.filter(({ unit, reached }) => unit !== "" || !reached);
    const figures = told.map((row) => `${row.what} ${figureOf(row)}`);
    const bars = told.map(({ bar, reached }) => (reached ? bar : `${bar}: **missed**`));
    return `| ${own[0]?.title} | ${figures.join("<br>")} | ${bars.join("<br>")} |`;
  });
  return ["| scenario | measured | target |", "|---|---|---|", ...lines].join("\n");
}

const figureOf = ({ value, unit }: Row) => `**${`${shown(value)} ${unit}`.trimEnd()}**`;

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
