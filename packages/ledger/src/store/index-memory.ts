/** What the tables of all partitions of a process take in memory, and how much they may. */
import type { PipelineError } from '@astrolabe/service-kit/errors';

export interface IndexMemoryOptions {
  readonly maxBytes: number;
  /** Says what to do, for tables that would take so much. Not retryable: no command may be called for without them. */
  readonly fault: (neededBytes: number) => PipelineError;
}

export class IndexMemory {
  readonly #options: IndexMemoryOptions | undefined;
  #usedBytes = 0;

  /** Without options there is no bound but what the system gives. */
  constructor(options?: IndexMemoryOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get maxBytes(): number {
    return this.#options?.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Throws the fault where the words do not fit, or the system does not give them. */
  allocate(words: number): Uint32Array {
    const bytes = words * Uint32Array.BYTES_PER_ELEMENT;
    const neededBytes = this.#usedBytes + bytes;
    if (neededBytes > this.maxBytes) throw this.#fault(neededBytes);
    try {
      const allocated = new Uint32Array(words);
      this.#usedBytes = neededBytes;
      return allocated;
    } catch (error) {
      if (error instanceof RangeError) throw this.#fault(neededBytes, error);
      throw error;
    }
  }

  giveBack({ byteLength }: Uint32Array): void {
    this.#usedBytes -= byteLength;
  }

  #fault(neededBytes: number, cause?: RangeError): Error {
    return this.#options?.fault(neededBytes) ?? new RangeError(`no memory for ${neededBytes} bytes`, { cause });
  }
}
