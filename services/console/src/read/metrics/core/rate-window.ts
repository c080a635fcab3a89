/** What was counted of each connector in the last minutes. Pure. */
import { rateNames, type RateName } from './counted.ts';

export type ConnectorCounts = Readonly<Record<RateName, number>>;

interface Look {
  readonly atMs: number;
  /** By connector, in the order of `rateNames`; only of those of which something was counted. */
  readonly increases: ReadonlyMap<string, readonly number[]>;
}

export interface WindowCounts {
  readonly overMs: number;
  readonly byConnector: ReadonlyMap<string, ConnectorCounts>;
}

export class RateWindow {
  readonly #windowMs: number;
  #looks: Look[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(atMs: number, increases: ReadonlyMap<string, readonly number[]>): void {
    const last = this.#looks.at(-1);
    if (last !== undefined && atMs <= last.atMs) return;
    this.#looks.push({ atMs, increases });
    this.#looks = this.#looks.filter((look) => look.atMs >= atMs - this.#windowMs);
  }

  /** Undefined before the second look. What the first counted came before it. */
  counts(): WindowCounts | undefined {
    const [first, ...rest] = this.#looks;
    const last = rest.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const sums = new Map<string, number[]>();
    for (const { increases } of rest) {
      for (const [connector, counts] of increases) {
        const sum = sums.get(connector) ?? rateNames.map(() => 0);
        counts.forEach((count, index) => (sum[index] = (sum[index] ?? 0) + count));
        sums.set(connector, sum);
      }
    }
    const byConnector = new Map([...sums].map(([connector, counts]) => [connector, named(counts)]));
    return { overMs: last.atMs - first.atMs, byConnector };
  }
}

function named(counts: readonly number[]): ConnectorCounts {
  return Object.fromEntries(rateNames.map((name, index) => [name, counts[index] ?? 0])) as Record<RateName, number>;
}
