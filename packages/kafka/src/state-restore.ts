/** State and position of a partition from the log, and the position made our own where somebody else set it. */
import type { Logger } from '@astrolabe/service-kit';
import type { GroupSession } from './partition-processor.ts';
import {
  isPositionKey,
  parsePosition,
  positionKey,
  positionRecord,
  startPosition,
  type StoredPosition,
} from './state-position.ts';
import { PartitionState, type StateCodec } from './state-view.ts';
import type { UnitWriter, WorkLog } from './state-work.ts';

export interface Restored {
  readonly topic: string;
  readonly partition: number;
  /** Records of the state topic that were read, repetitions and deletions included. */
  readonly records: number;
  /** Keys in the state. */
  readonly keys: number;
  readonly tookMs: number;
  /** Where the input is read on. */
  readonly position: bigint;
}

export interface RestoreOptions<V> {
  readonly session: GroupSession;
  readonly work: WorkLog;
  /** Opened before: what it reads from the log is final. */
  readonly writer: UnitWriter;
  readonly codec: StateCodec<V>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onRestored?: (restored: Restored) => void;
}

/** Rejects with a `PipelineError`, with what the codec throws, or with the signal's reason. */
export async function restorePartition<V>(
  options: RestoreOptions<V>,
): Promise<{ readonly state: PartitionState<V>; readonly position: bigint }> {
  const { session, work, signal } = options;
  const { topic, partition } = session;
  const startedAtMs = performance.now();
  const state = new PartitionState(options.codec);
  const ownKey = positionKey(work.groupId);
  let stored: StoredPosition | undefined;
  let records = 0;
  const take = (key: string, value: Buffer | null): void => {
    if (!isPositionKey(key)) state.restore(key, value);
    else if (key === ownKey) stored = parsePosition(value);
  };
  await work.readState(
    partition,
    (batch) => {
      records += batch.length;
      for (const { key, value } of batch) if (key !== null) take(key.toString(), value);
    },
    signal,
  );
  const [committed, offsets] = await Promise.all([work.committedOffset(session), work.inputOffsets(session)]);
  const { groupId } = work;
  const start = startPosition({ groupId, input: session, topicId: session.topicId, stored, committed, offsets });
  if (start.kind === 'reset') await obeyReset(options, start.offset);
  if (start.kind === 'label') await storePosition(options, start.offset);
  // A unit whose answer was lost, or a crash before the commit. (Without a stored position a commit of ours would tell that state was lost.)
  if (start.kind === 'resume' || start.kind === 'label') session.markCommittable(start.offset);
  const restored: Restored = {
    topic,
    partition,
    records,
    keys: state.size,
    tookMs: Math.round(performance.now() - startedAtMs),
    position: start.offset,
  };
  options.logger.info({ ...restored, position: `${restored.position}`, start: start.kind }, 'state restored');
  options.onRestored?.(restored);
  return { state, position: start.offset };
}

/**
 * 1. The position is stored. 2. The group's offset gets our mark. Only then may records be handled: a crash before 2 obeys the operator again,
 * at the same place; a crash after 2 goes on from the position.
 */
async function obeyReset<V>(options: RestoreOptions<V>, offset: bigint): Promise<void> {
  // A fenced writer says so again at its first unit.
  if ((await storePosition(options, offset)) === 'written') await options.session.untilCommitted(offset);
}

async function storePosition<V>({ session, work, writer }: RestoreOptions<V>, offset: bigint) {
  const { kind } = await writer.write({ outputs: [], state: [positionRecord(work.groupId, offset, session)] });
  return kind;
}
