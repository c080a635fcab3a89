/**
 * Reads what is wanted of Prometheus text, piece by piece: a dispatcher with a thousand connectors tells megabytes.
 * Pure. https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export class SampleReader {
  readonly #wanted: ReadonlySet<string>;
  /** By the series as it is written, `name{label="value"}`: one process writes it the same way each time. */
  readonly samples = new Map<string, number>();
  #rest = '';

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted;
  }

  push(piece: string): void {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#readLine(line);
  }

  end(): ReadonlyMap<string, number> {
    this.#readLine(this.#rest);
    this.#rest = '';
    return this.samples;
  }

  #readLine(line: string): void {
    if (line.startsWith('#')) return;
    const nameEnd = line.search(/[{ ]/);
    if (nameEnd < 1 || !this.#wanted.has(line.slice(0, nameEnd))) return;
    const valueStart = line.lastIndexOf(' ');
    const value = Number(line.slice(valueStart + 1));
    if (Number.isFinite(value)) this.samples.set(line.slice(0, valueStart), value);
  }
}

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

export function parseSeries(text: string): Series {
  const open = text.indexOf('{');
  if (open < 0) return { name: text, labels: {} };
  const pairs = [...text.slice(open).matchAll(LABEL)].map(([, label = '', raw = '']): [string, string] => [
    label,
    raw.replace(/\\[n"\\]/g, (escape) => ESCAPES[escape] ?? escape),
  ]);
  return { name: text.slice(0, open), labels: Object.fromEntries(pairs) };
}
