/**
 * Records on several topics, stored all together or not at all, by one process at a time. For the operator's tools; a
 * stateful service has sessions in turns (`packages/processing`).
 */
import type { OutgoingRecord } from '@astrolabe/records';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import { findAccessFault } from '../admin/present-topics.ts';
import type { KafkaConnection } from '../connection.ts';
import { isFencedAnswer, toKafkaError } from '../kafka-errors.ts';
import { DEFAULT_MAX_REQUEST_BYTES } from '../size-limits.ts';
import { cutIntoRequests, placeRecords } from './transaction-requests.ts';
import {
  FencedError,
  openTransactionSession,
  toTransactionError,
  type GroupPosition,
  type TransactionSession,
} from './transaction-session.ts';

export type { GroupPosition } from './transaction-session.ts';

export interface TransactionalProducerOptions {
  readonly connection: KafkaConnection;
  /**
   * Opening a producer takes over this id: its former owner can commit nothing more, and its open transaction is
   * aborted.
   */
  readonly transactionalId: string;
  /** The brokers abort a transaction of a process that died after this. Default 60,000. */
  readonly transactionTimeoutMs?: number;
}

/** Records of one topic; each names its partition. */
export interface TopicRecords {
  readonly topic: string;
  readonly records: readonly (OutgoingRecord & { readonly partition: number })[];
}

/** `fenced`: another process has taken the id over, and nothing of this transaction is stored. */
export type TransactionOutcome = { readonly kind: 'committed' } | { readonly kind: 'fenced' };

/**
 * Called one transaction at a time. Success of `commit`: every record is stored, and readers of committed records see
 * all of them. Failure: rejects with a `PipelineError` of `toKafkaError`; whether the transaction was committed is then
 * unknown, and the producer must not be used again. Opening another one settles it: what its predecessor left open is
 * aborted before it opens.
 */
export interface TransactionalProducer {
  /**
   * In the order of the parts, the position after the first: readers of the last part's topic are held up the shortest.
   * At least one record.
   */
  commit(parts: readonly TopicRecords[], position?: GroupPosition): Promise<TransactionOutcome>;
  close(): Promise<void>;
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

/** Connects and takes the id over; rejects with `kafka.unavailable` when no broker can be reached. */
export async function openTransactionalProducer(options: TransactionalProducerOptions): Promise<TransactionalProducer> {
  const { connection, transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS } = options;
  const owner = { principal: connection.principal, transactionalId };
  const { signal } = new AbortController();
  let session: TransactionSession;
  try {
    session = await openTransactionSession({ connection, transactionalId, transactionTimeoutMs, signal });
  } catch (error) {
    throw toKafkaError(error, `taking over ${transactionalId}`, owner);
  }
  return {
    commit: async (parts, position) => {
      try {
        await commit(session, parts, position);
        return { kind: 'committed' };
      } catch (error) {
        const fault = toTransactionError(error, `committing a transaction of ${transactionalId}`, owner);
        if (fault instanceof FencedError) return { kind: 'fenced' };
        throw await withTopicsNamed(fault, connection, parts);
      }
    },
    close: () => session.close(),
  };
}

async function commit(
  session: TransactionSession,
  parts: readonly TopicRecords[],
  position: GroupPosition | undefined,
): Promise<void> {
  await session.lookUp(new Set(parts.map(({ topic }) => topic)));
  const placedParts = parts.map(({ topic, records }) => {
    const ofTopic = records.map((record) => ({ ...record, topic }));
    // Topics differ in what they take: the brokers decide.
    return placeRecords(ofTopic, (name) => session.leadersOf(name), Number.POSITIVE_INFINITY);
  });
  try {
    await session.add(placedParts.flat());
    for (const [index, placed] of placedParts.entries()) {
      await session.produce(cutIntoRequests(placed, DEFAULT_MAX_REQUEST_BYTES));
      if (index === 0 && position !== undefined && position.nextOffsets.size > 0) await session.sendOffsets(position);
    }
  } catch (error) {
    throw await afterAbort(session, error);
  }
  await session.end(true);
}

/** The refusal of a transaction does not say which of its topics this user may not write to. */
async function withTopicsNamed(
  fault: PipelineError,
  connection: KafkaConnection,
  parts: readonly TopicRecords[],
): Promise<PipelineError> {
  if (fault.code !== 'kafka.unauthorized') return fault;
  const needs = parts.map(({ topic }) => ({ name: topic, operations: ['Write'] }) as const);
  return (await findAccessFault(connection, needs).catch(() => undefined)) ?? fault;
}

/**
 * A takeover in the middle of a transaction shows in many ways, not all of which tell it; the answer to the abort does.
 */
async function afterAbort(session: TransactionSession, error: unknown): Promise<unknown> {
  try {
    await session.end(false);
    return error;
  } catch (abortError) {
    return isFencedAnswer(abortError) ? abortError : error;
  }
}
