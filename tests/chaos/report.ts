/** Of measured times: the median, the one that 1 % are beyond, and the longest. */
export function summarize(times: readonly number[]): { count: number; p50: number; p99: number; max: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) };
}

export type Rows = readonly (readonly [what: string, value: string | number])[];

export function table(rows: Rows): string {
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, value]) => `  ${what.padEnd(width)}  ${String(value).padStart(8)}`).join("\n");
}
