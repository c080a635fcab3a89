/** Lines over time with axes. The library is loaded with the first chart. The same numbers are given as a table. */
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type uPlot from 'uplot';
import { theme } from '../../state/theme.ts';
import { DataTable } from '../data-table.ts';
import { h, html, type Children } from '../html.ts';
import { Moment } from './moments.ts';

export interface ChartProps {
  /** What the lines are, for those who do not see them. */
  readonly label: string;
  /** ISO 8601, oldest first. */
  readonly times: readonly string[];
  readonly lines: readonly {
    readonly name: string;
    /** As many as there are times; null where it is not known. */
    readonly values: readonly (number | null)[];
    readonly format: (value: number) => string;
  }[];
}

const HEIGHT = 220;
const MAX_TABLE_ROWS = 100;

export function Chart({ label, times, lines }: ChartProps): Children {
  const place = useRef<HTMLDivElement>(null);
  const hasFailed = useSignal(false);
  const chosen = theme.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const leaving = new AbortController();
    draw(element, { label, times, lines }, leaving.signal).catch(() => {
      hasFailed.value = true;
    });
    return () => leaving.abort();
  }, [times, lines, chosen]);
  return html`<figure class="chart">
    <div ref=${place} role="img" aria-label=${label}></div>
    ${hasFailed.value ? html`<p class="faint">The chart could not be loaded. Its numbers are in the table.</p>` : null}
    <figcaption>${lines.map(({ name }, index) => html`<span class=${`key-${index}`}>${name}</span>`)}</figcaption>
    <details>
      <summary>As a table</summary>
      ${table({ label, times, lines })}
    </details>
  </figure>`;
}

async function draw(element: HTMLDivElement, { times, lines }: ChartProps, leaving: AbortSignal): Promise<void> {
  const { default: Plot } = await import('uplot');
  if (leaving.aborted) return;
  const colours = getComputedStyle(element);
  const colour = (name: string): string => colours.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--faint'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const clock = (_plot: uPlot, ticks: number[]): string[] =>
    ticks.map((at) => new Date(at * 1_000).toTimeString().slice(0, 5));
  const options: uPlot.Options = {
    width: Math.max(200, element.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    axes: [
      { ...axis, values: clock },
      ...lines.map(({ format }, index): uPlot.Axis => ({
        ...axis,
        scale: `y${index}`,
        size: 84,
        side: index === 0 ? 3 : 1,
        values: (_plot, ticks) => ticks.map(format),
        grid: { ...axis.grid, show: index === 0 },
      })),
    ],
    scales: Object.fromEntries(
      lines.map((_line, index) => [
        `y${index}`,
        { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } satisfies uPlot.Scale,
      ]),
    ),
    series: [
      {},
      ...lines.map(({ name }, index): uPlot.Series => ({
        label: name,
        scale: `y${index}`,
        stroke: colour(`--line-${index}`),
        ...(index === 1 && { dash: [5, 3] }),
        width: 2,
      })),
    ],
  };
  const seconds = times.map((at) => Date.parse(at) / 1_000);
  const plot = new Plot(options, [seconds, ...lines.map(({ values }) => [...values])], element);
  const resizing = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }),
  );
  resizing.observe(element);
  leaving.addEventListener('abort', () => {
    resizing.disconnect();
    plot.destroy();
  });
}

function table({ label, times, lines }: ChartProps): Children {
  const rows = times
    .map((at, index) => ({ at, values: lines.map(({ values }) => values[index] ?? null) }))
    .toReversed();
  return h(DataTable<(typeof rows)[number]>, {
    caption: label,
    rows: rows.slice(0, MAX_TABLE_ROWS),
    keyOf: ({ at }) => at,
    columns: [
      { name: 'Time', cell: ({ at }) => h(Moment, { at }) },
      ...lines.map(({ name, format }, index) => ({
        name,
        isNumber: true,
        cell: ({ values }: (typeof rows)[number]) => {
          const value = values[index];
          return value === null || value === undefined ? '–' : format(value);
        },
      })),
    ],
  });
}
