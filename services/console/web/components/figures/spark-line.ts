/** A small chart without axes, of two lines at most. Its numbers stand beside it. */
import { html, type Children } from '../html.ts';

export interface SparkLineProps {
  readonly label: string;
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const WIDTH = 300;
const HEIGHT = 56;

export function SparkLine({ label, lines }: SparkLineProps): Children {
  const top = Math.max(1e-9, ...lines.flatMap(({ values }) => values));
  const points = (values: readonly number[]): string =>
    values
      .map((value, index) => {
        const x = values.length < 2 ? WIDTH : (index * WIDTH) / (values.length - 1);
        return `${x.toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
      })
      .join(' ');
  return html`<figure class="spark">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${label}>
      ${lines.map(({ values }, index) => html`<polyline class=${`line-${index}`} points=${points(values)} />`)}
    </svg>
    <figcaption>${lines.map(({ name }, index) => html`<span class=${`key-${index}`}>${name}</span>`)}</figcaption>
  </figure>`;
}
