/** A line through what was measured. */
export interface Trend {
  mean: number;
  least: number;
  most: number;
  /** What an hour adds, by the line that fits best. */
  perHour: number;
}

/** `x` in minutes. */
export function trendOf(points: readonly { x: number; y: number }[]): Trend {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = mean((point) => (point.x - x) ** 2);
  const slope = mean((point) => (point.x - x) * (point.y - y)) / spread;
  const all = points.map((point) => point.y);
  return { mean: y, least: Math.min(...all), most: Math.max(...all), perHour: slope * 60 };
}
