/** Hands lines from what makes them to what takes them, one at a time: a slow client holds the reading up. */
export class LineChannel implements AsyncIterable<string> {
  readonly #signal: AbortSignal;
  #offered: { readonly line: string; readonly taken: () => void } | undefined;
  #end: { readonly error?: unknown } | undefined;
  #changed = Promise.withResolvers<void>();
  #turn: Promise<void> = Promise.resolve();

  /** `signal`: nobody takes lines any more. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#change(), { once: true });
  }

  /** Resolves when the line is taken; lines that are put at once take turns. Rejects with the signal's reason. */
  async put(line: string): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      await this.#offer(line);
    } finally {
      resolve();
    }
  }

  end(): void {
    this.#end ??= {};
    this.#change();
  }

  /** The reader is told it at the next line. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#change();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const offered = this.#offered;
      if (offered !== undefined) {
        this.#offered = undefined;
        offered.taken();
        yield offered.line;
        continue;
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      this.#signal.throwIfAborted();
      await this.#changed.promise;
    }
  }

  async #offer(line: string): Promise<void> {
    this.#signal.throwIfAborted();
    const taken = Promise.withResolvers<void>();
    const abort = (): void => taken.resolve();
    this.#signal.addEventListener('abort', abort, { once: true });
    this.#offered = { line, taken: taken.resolve };
    this.#change();
    await taken.promise;
    this.#signal.removeEventListener('abort', abort);
    this.#signal.throwIfAborted();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
