interface Part {
  readonly stage: number;
  readonly close: () => Promise<void>;
}

/**
 * What was started and has to be closed, whatever becomes of the start. Parts start side by side and close stage by
 * stage.
 */
export class OwnedParts {
  readonly #starting = new Set<Promise<unknown>>();
  #parts: Part[] = [];

  /** Starts a part. Lower stages close first; parts of one stage close side by side. */
  async start<T>(stage: number, start: () => Promise<T>, close: (part: T) => Promise<void>): Promise<T> {
    const starting = start().then((part) => {
      this.#parts.push({ stage, close: () => close(part) });
      return part;
    });
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Waits for what is still starting, then closes all. Rejects with the first failure, after everything was tried. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#starting);
    const parts = this.#parts;
    this.#parts = [];
    const failures: unknown[] = [];
    for (const stage of [...new Set(parts.map((part) => part.stage))].sort((a, b) => a - b)) {
      const closed = await Promise.allSettled(parts.filter((part) => part.stage === stage).map(({ close }) => close()));
      for (const outcome of closed) if (outcome.status === 'rejected') failures.push(outcome.reason);
    }
    if (failures.length > 0) throw failures[0];
  }
}
