/** State and position of a partition from the log, and the position made our own where somebody else set it. */
import {
  isPositionKey,
  parsePosition,
  positionKey,
  positionRecord,
  readReplayPosition,
  recordSizeBytes,
  startPosition,
  type BatchWriter,
  type ChangelogStore,
  type ConsumedRecord,
  type OutgoingRecord,
  type StoredPosition,
} from '@astrolabe/records';
import type { Logger } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { GroupSession } from '../consumer/partition-processor.ts';
import { CLOCK_KEY, parseClock } from './state-clock.ts';
import type { StateMemory } from './state-memory.ts';
import { PartitionState, type StateCodec } from './state-view.ts';

export interface Restored {
  readonly topic: string;
  readonly partition: number;
  /** Records of the changelog topic that were read, repetitions and deletions included. */
  readonly records: number;
  /** Keys in the state. */
  readonly keys: number;
  /** Keys of each scope. */
  readonly scopes: ReadonlyMap<string, number>;
  /** Entries that had a form of key which is no longer written, and have the present one now. */
  readonly replaced: number;
  readonly tookMs: number;
  /** Where the input is read on. */
  readonly position: bigint;
}

export interface RestoreOptions<V> {
  readonly session: GroupSession;
  readonly changelog: ChangelogStore;
  readonly codec: StateCodec<V>;
  /** Of all partitions of this process; more than it allows is a fault. Default: without a bound. */
  readonly memory?: StateMemory;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onRestored?: (restored: Restored) => void;
}

export interface RestoredPartition<V> {
  readonly writer: BatchWriter;
  /** To be released once the writer is closed. */
  readonly state: PartitionState<V>;
  readonly position: bigint;
  /** By replay, what was stored as its position last. */
  readonly replays: ReadonlyMap<string, Buffer>;
}

export type RestoreOutcome<V> =
  | ({ readonly kind: 'restored' } & RestoredPartition<V>)
  /** Another process has taken the partition over. */
  | { readonly kind: 'superseded' };

/** What is in the log of a partition that was just taken over: it is final. */
interface Log<V> {
  readonly state: PartitionState<V>;
  readonly stored: StoredPosition | undefined;
  readonly replays: ReadonlyMap<string, Buffer>;
  readonly records: number;
}

/**
 * Takes the partition over. Rejects with a `PipelineError`, with what the codec throws, or with the signal's reason.
 */
export async function restorePartition<V>(options: RestoreOptions<V>): Promise<RestoreOutcome<V>> {
  const { session, changelog, signal } = options;
  const startedAtMs = performance.now();
  const state = new PartitionState(options.codec, options.memory);
  try {
    const reader = new LogReader(changelog.groupId, state, options.memory);
    const taken = await changelog.takeOver(session, (batch) => reader.take(batch), signal);
    if (taken.kind === 'superseded') {
      state.release();
      return taken;
    }
    const { writer } = taken;
    const log = reader.read();
    const position = await startFrom({ ...options, writer }, log, startedAtMs).catch(async (error: unknown) => {
      await writer.close();
      throw error;
    });
    return { kind: 'restored', writer, state, position, replays: log.replays };
  } catch (error) {
    state.release();
    throw error;
  }
}

type OwnedOptions<V> = RestoreOptions<V> & { readonly writer: BatchWriter };

class LogReader<V> {
  readonly #state: PartitionState<V>;
  readonly #memory: StateMemory | undefined;
  readonly #groupId: string;
  readonly #ownKey: string;
  readonly #replays = new Map<string, Buffer>();
  #stored: StoredPosition | undefined;
  #clockMs: number | undefined;
  #records = 0;

  constructor(groupId: string, state: PartitionState<V>, memory: StateMemory | undefined) {
    this.#groupId = groupId;
    this.#ownKey = positionKey(groupId);
    this.#state = state;
    this.#memory = memory;
  }

  take(batch: readonly ConsumedRecord[]): void {
    this.#records += batch.length;
    for (const { key, value } of batch) {
      if (key === null) continue;
      const text = key.toString();
      if (text === CLOCK_KEY) this.#clockMs = parseClock(value);
      else if (!isPositionKey(text)) this.#state.restore(text, value);
      else if (text === this.#ownKey) this.#stored = parsePosition(value);
      else this.#takeReplay(text, value);
    }
    this.#memory?.assertFits();
  }

  #takeReplay(key: string, value: Buffer | null): void {
    const found = readReplayPosition(this.#groupId, key, value);
    if (found === undefined) return;
    // A copy: the bytes are a view of a whole fetch.
    if (found.value !== null) this.#replays.set(found.replayId, Buffer.from(found.value));
    else this.#replays.delete(found.replayId);
  }

  read(): Log<V> {
    this.#state.restoreClock(this.#stored === undefined ? (this.#clockMs ?? 0) : this.#clockMs);
    return { state: this.#state, stored: this.#stored, replays: this.#replays, records: this.#records };
  }
}

async function startFrom<V>(
  options: OwnedOptions<V>,
  { state, stored, records }: Log<V>,
  startedAtMs: number,
): Promise<bigint> {
  const { session, changelog } = options;
  const { topic, partition } = session;
  const replaced = state.hasOutdatedKeys ? await replaceOutdatedKeys(options, state) : 0;
  const [committed, offsets] = await Promise.all([changelog.committedOffset(session), changelog.inputOffsets(session)]);
  const { groupId } = changelog;
  const start = startPosition({ groupId, input: session, topicId: session.topicId, stored, committed, offsets });
  if (start.kind === 'reset') await obeyReset(options, start.offset);
  if (start.kind === 'label') await storePosition(options, start.offset);
  // A batch whose answer was lost, or a crash before the commit. (Without a stored position a commit of ours would tell
  // that state was lost.)
  if (start.kind === 'resume' || start.kind === 'label') session.storeOffset(start.offset);
  const restored: Restored = {
    topic,
    partition,
    records,
    keys: state.size,
    scopes: state.scopeSizes(),
    replaced,
    tookMs: Math.round(performance.now() - startedAtMs),
    position: start.offset,
  };
  const { scopes: _scopes, ...told } = restored;
  options.logger.info({ ...told, position: `${start.offset}`, start: start.kind }, 'state restored');
  options.onRestored?.(restored);
  return start.offset;
}

const REPLACEMENTS_AT_ONCE = 1_000;
const REPLACED_BYTES_AT_ONCE = 500_000;

/**
 * Gives entries under outdated keys their present ones, and ends the old. Reads the topic a second time: the old keys,
 * of any length, are not held in memory. What a crash leaves is found at the next restore. Returns how many were
 * replaced.
 */
async function replaceOutdatedKeys<V>(
  { session: { partition }, changelog, writer, signal }: OwnedOptions<V>,
  state: PartitionState<V>,
): Promise<number> {
  let replacing: OutgoingRecord[] = [];
  let bytes = 0;
  let replaced = 0;
  const write = async (): Promise<void> => {
    if (replacing.length === 0) return;
    // A fenced writer says so again at its first batch.
    await writer.write({ outputs: [], state: replacing });
    replacing = [];
    bytes = 0;
  };
  await changelog.readState(
    partition,
    async (batch) => {
      for (const { key } of batch) {
        const text = key?.toString();
        if (text === undefined || text === CLOCK_KEY || isPositionKey(text)) continue;
        const replacements = state.takeReplacements(text, partition);
        if (replacements.length === 0) continue;
        replaced += 1;
        for (const record of replacements) bytes += recordSizeBytes(record);
        replacing.push(...replacements);
        if (replacing.length >= REPLACEMENTS_AT_ONCE || bytes >= REPLACED_BYTES_AT_ONCE) await write();
      }
    },
    signal,
  );
  await write();
  return replaced;
}

/**
 * 1. The position is stored. 2. The group's offset gets our mark. Only then may records be handled: a crash before 2
 *    obeys the operator again, at the same place; a crash after 2 goes on from the position.
 */
async function obeyReset<V>(options: OwnedOptions<V>, offset: bigint): Promise<void> {
  // A fenced writer says so again at its first batch.
  if ((await storePosition(options, offset)) === 'written') await options.session.untilCommitted(offset);
}

async function storePosition<V>({ session, changelog, writer }: OwnedOptions<V>, offset: bigint) {
  const { kind } = await writer.write({ outputs: [], state: [positionRecord(changelog.groupId, offset, session)] });
  return kind;
}

/** Going on would leave out what is between: those records are no longer in hand. */
export function behind({ topic, partition }: GroupSession, position: bigint, storedUpTo: bigint): PipelineError {
  const message = `${topic}[${partition}]: the log shows position ${position}, but ${storedUpTo} was stored; it is read again`;
  return new PipelineError('kafka.unavailable', message, { retryable: true, details: { topic, partition } });
}
