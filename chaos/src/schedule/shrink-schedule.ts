/**
 * Finds a short part of a schedule that still fails: the ddmin algorithm of Zeller and Hildebrandt, "Simplifying and
 * Isolating Failure-Inducing Input".
 */

export interface Shrunk<T> {
  readonly shortest: readonly T[];
  /** How often `fails` was asked. */
  readonly runs: number;
  /** Whether no single item could be left out; false where the time ran out before that was known. */
  readonly isMinimal: boolean;
}

/**
 * Finds a short schedule that still fails. Calls `fails` with smaller and smaller parts, in their order, while
 * `mayGoOn` returns true; a part that fails replaces the whole.
 */
export async function shrinkSchedule<T>(
  schedule: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<Shrunk<T>> {
  let shortest = schedule;
  let runs = 0;
  let chunks = 2;
  while (shortest.length > 0) {
    const smaller = await findFailingPart(partsOf(shortest, Math.min(chunks, shortest.length)));
    if (smaller === 'out of time') return { shortest, runs, isMinimal: false };
    if (smaller !== undefined) {
      chunks = Math.max(2, smaller.isComplement ? chunks - 1 : 2);
      shortest = smaller.part;
    } else if (chunks >= shortest.length) {
      break;
    } else {
      chunks = Math.min(shortest.length, chunks * 2);
    }
  }
  return { shortest, runs, isMinimal: true };

  async function findFailingPart(parts: readonly Part<T>[]): Promise<Part<T> | undefined | 'out of time'> {
    for (const part of parts) {
      if (!mayGoOn()) return 'out of time';
      runs += 1;
      if (await fails(part.part)) return part;
    }
    return undefined;
  }
}

interface Part<T> {
  readonly part: readonly T[];
  readonly isComplement: boolean;
}

/** Each chunk alone, then all but each chunk. One item's only part is none at all. */
function partsOf<T>(items: readonly T[], chunks: number): readonly Part<T>[] {
  if (items.length === 1) return [{ part: [], isComplement: true }];
  const size = items.length / chunks;
  const bounds = Array.from(
    { length: chunks },
    (_, index) => [Math.round(index * size), Math.round((index + 1) * size)] as const,
  );
  const alone = bounds.map(([from, to]) => ({ part: items.slice(from, to), isComplement: false }));
  const without = bounds.map(([from, to]) => ({
    part: [...items.slice(0, from), ...items.slice(to)],
    isComplement: true,
  }));
  return chunks === 2 ? alone : [...alone, ...without];
}
