import { KEY_BYTES, writeCommandKey } from '../command-key.ts';
import type { DeliveryChunk } from '../chunk/delivery-chunk.ts';
import type { FailedAttempts } from '../failed-attempts.ts';

/**
 * The failed attempts of commands that have not ended, the last of each. Few commands fail, and each only until it
 * ends, so they fit in memory. A restore reads those of ended commands too; `prune` drops them.
 */
export class AttemptsMemory {
  readonly #byKey = new Map<string, FailedAttempts>();
  readonly #key = Buffer.alloc(KEY_BYTES);

  get size(): number {
    return this.#byKey.size;
  }

  find(commandId: string): FailedAttempts | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(this.#keyOf(commandId));
  }

  remember(attempts: FailedAttempts): void {
    this.#byKey.set(this.#keyOf(attempts.commandId), attempts);
  }

  /** In the order of the changelog. */
  read({ attempts }: DeliveryChunk): void {
    for (const entry of attempts) this.#byKey.set(entry.commandId, entry);
  }

  forget(commandId: string): void {
    if (this.#byKey.size > 0) this.#byKey.delete(this.#keyOf(commandId));
  }

  prune(isOver: (attempts: FailedAttempts) => boolean): void {
    for (const [key, entry] of this.#byKey) if (isOver(entry)) this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
  }

  #keyOf(commandId: string): string {
    writeCommandKey(commandId, this.#key);
    return this.#key.toString('hex');
  }
}
