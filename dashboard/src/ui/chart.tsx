import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme, VisuallyHidden } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import classes from "./chart.module.css";
import { formatDuration } from "./time.tsx";

interface Series {
  name: string;
  values: readonly (number | null)[];
}

interface ChartProps {
  title: string;
  /** Seconds since 1970, one for each value. */
  times: readonly number[];
  series: readonly Series[];
  /** Formats a value. */
  format?(value: number): string;
  /** Upper end of the axis. Default: by the values. */
  max?: number;
}

/** Contrast of at least 3:1 in both colour schemes, and distinguishable with colour blindness. */
const palettes = {
  light: { lines: ["#3b5bdb", "#c2410c", "#0f766e", "#7e22ce"], axis: "#5c636a", grid: "#e9ecef" },
  dark: { lines: ["#91a7ff", "#fdba74", "#5eead4", "#d8b4fe"], axis: "#a6acb3", grid: "#373a40" },
} as const;

const height = 140;
/** A shorter series is drawn at the right end. */
const minSeconds = 60;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

const plain = (value: number) => value.toLocaleString(undefined, { maximumFractionDigits: 1 });

/** Lines over time, with the current values as text. */
export function Chart({ title, times, series, format = plain, max }: ChartProps) {
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useElementSize();
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const names = series.map(({ name }) => name).join("\n");
  const palette = palettes[scheme];
  const formatter = useRef(format);
  formatter.current = format;

  const data = useRef<UPlot.AlignedData>([[]]);
  data.current = [[...times], ...series.map(({ values }) => [...values])];

  useEffect(() => {
    if (!container.current || width === 0) return;
    const { lines, axis, grid } = palettes[scheme];
    const ruled = { stroke: axis, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const options: UPlot.Options = {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      // Room for the last time label, which is centred on its grid line.
      padding: [8, 32, 0, 0],
      scales: {
        x: { range: () => spanOf(data.current[0]) },
        y: { range: (_plot, _least, highest) => [0, max ?? Math.max(1, (highest ?? 0) * 1.1)] },
      },
      axes: [
        { ...ruled, size: 24, space: 90, values: (_plot, times) => times.map((time) => clock.format(time * 1_000)) },
        { ...ruled, size: 56, space: 32, values: (_plot, values) => values.map((value) => formatter.current(value)) },
      ],
      series: [
        {},
        ...names.split("\n").map((label, index) => ({
          label,
          stroke: lines[index % lines.length] ?? axis,
          width: 1.5,
          // A single value makes no line.
          points: { show: (_plot: UPlot, _series: number, first: number, last: number) => first === last },
        })),
      ],
    };
    const chart = new UPlot(options, data.current, container.current);
    plot.current = chart;
    return () => {
      plot.current = null;
      chart.destroy();
    };
  }, [names, scheme, width, max]);

  useEffect(() => {
    plot.current?.setData(data.current);
  });

  const latest = series.map(({ name, values }, index) => {
    const last = values.at(-1);
    return { name, text: last === undefined || last === null ? "–" : format(last), color: palette.lines[index % 4] };
  });
  return (
    <figure className={classes.chart} ref={ref}>
      <figcaption className={classes.caption}>
        <strong>{title}</strong>
        <VisuallyHidden>{spanText(times)}</VisuallyHidden>
        {latest.map(({ name, text, color }) => (
          <span key={name} className={classes.value}>
            <span className={classes.mark} style={{ background: color }} />
            {name} {text}
          </span>
        ))}
      </figcaption>
      <div className={classes.canvas} ref={container} aria-hidden />
    </figure>
  );
}

function spanText(times: readonly number[]): string {
  const [first] = times;
  return first === undefined ? "" : `, over the last ${formatDuration(((times.at(-1) ?? first) - first) * 1_000)}:`;
}

/** From the first to the last time; for a single one uPlot would draw a whole day. */
function spanOf(times: ArrayLike<number>): [number, number] {
  const last = times[times.length - 1] ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? last, last - minSeconds), last];
}
