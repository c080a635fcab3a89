/** What a start of the local stack is doing, for a terminal that waits. */
export interface StackProgress {
  /**
   * `started` and `finished` come once for each step, which may overlap; `running` about once a second in long ones.
   */
  readonly kind: 'started' | 'running' | 'finished';
  readonly step: string;
  readonly elapsedMs: number;
}

export type OnProgress = (progress: StackProgress) => void;

const TICK_MS = 1_000;

/** Runs `work` as a step. A step that fails never finishes: the error says what happened. */
export async function runStep<T>(step: string, onProgress: OnProgress, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const report = (kind: StackProgress['kind']): void => {
    onProgress({ kind, step, elapsedMs: Math.round(performance.now() - startedAtMs) });
  };
  report('started');
  const ticks = setInterval(() => report('running'), TICK_MS);
  try {
    const result = await work();
    report('finished');
    return result;
  } finally {
    clearInterval(ticks);
  }
}

/** One line for people: `starting Kafka ... 3.2 s`. */
export function describeProgress({ kind, step, elapsedMs }: StackProgress): string {
  const seconds = `${(elapsedMs / 1_000).toFixed(1)} s`;
  return kind === 'started' ? `${step} ...` : `${step} ... ${kind === 'finished' ? 'done in ' : ''}${seconds}`;
}
