/** Keeps the local store a copy of the changelog without holes, as chunks are acknowledged. */
import { retryPolicies, type Retrier } from '@astrolabe/service-kit';
import { decodeChunk } from '../chunk/chunk-codec.ts';
import type { Delivery } from '../delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { LedgerChangelog } from '../changelog/ledger-changelog.ts';
import type { PlacedChunk } from './segment.ts';

export interface AcknowledgedChunk {
  /** Where the changelog has it. */
  readonly offset: bigint;
  readonly bytes: Buffer;
  readonly deliveries: readonly Delivery[];
}

export interface LocalCopyOptions {
  readonly store: DeliveryStore;
  readonly changelog: LedgerChangelog;
  readonly partition: number;
  /** Where the changelog goes on behind what the store has. */
  readonly nextOffset: bigint;
  readonly retry: Retrier;
  readonly signal: AbortSignal;
}

export class LocalCopy {
  readonly #options: LocalCopyOptions;
  #nextOffset: bigint;
  #waiting: AcknowledgedChunk[] = [];
  #waitingBytes = 0;

  constructor(options: LocalCopyOptions) {
    this.#options = options;
    this.#nextOffset = options.nextOffset;
  }

  /** Offset of the changelog up to which the store is complete. */
  get nextOffset(): bigint {
    return this.#nextOffset;
  }

  /** Bytes that are acknowledged and not in the store yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(chunk: AcknowledgedChunk): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.bytes.length;
  }

  /** Writes what waits. Resolves with the deliveries that are in the store from now on. One call at a time. */
  async write(): Promise<readonly Delivery[]> {
    const { store } = this.#options;
    const chunks = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let run: PlacedChunk[] = [];
    for (const { offset, bytes } of chunks) {
      if (offset !== this.#nextOffset) {
        await store.append(run);
        run = [];
        await this.#closeGap(offset);
      }
      run.push({ offset, chunk: decodeChunk(bytes) });
      this.#nextOffset = offset + 1n;
    }
    await store.append(run);
    return chunks.flatMap(({ deliveries }) => deliveries);
  }

  /** Reads what others have appended before `offset`, or we ourselves, in an attempt that seemed to have failed. */
  async #closeGap(offset: bigint): Promise<void> {
    const { store, changelog, partition, retry, signal } = this.#options;
    if (offset < this.#nextOffset) {
      // The topic was deleted and created again under us: what the old one said is nobody's truth any more.
      await store.reset();
      this.#nextOffset = 0n;
    }
    await retry(
      'reading deliveries of another owner',
      () =>
        changelog.read(partition, { fromOffset: this.#nextOffset, untilOffset: offset, signal }, async (chunks) => {
          await store.read(chunks.map((chunk) => ({ offset: chunk.offset, chunk: decodeChunk(chunk.bytes) })));
          // A further attempt goes on from here, so that no chunk is taken twice.
          this.#nextOffset = (chunks.at(-1)?.offset ?? this.#nextOffset) + 1n;
        }),
      { policy: retryPolicies.changelog, signal },
    );
  }
}
