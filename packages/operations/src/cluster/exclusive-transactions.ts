/**
 * Transactions of an operation of which one run at a time may store anything: the one place that knows fencing. Opening
 * takes the transactional id over, so that an earlier run of the same id commits nothing any more, and what it has
 * committed is final.
 */
import type { GroupPosition, TopicRecords } from '@astrolabe/kafka';
import type { Cluster } from './cluster.ts';

/** In one transaction: all of it is stored, or nothing. */
export type Commit = (parts: readonly TopicRecords[], position?: GroupPosition) => Promise<void>;

/** Another run has taken the id over; what this one has committed before is stored. */
export interface TakenOver {
  readonly kind: 'taken-over';
}

class Fenced extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'Fenced', writable: true, configurable: true });
  }
}

/** Whether a commit failed because another run has taken over: then nothing else may be made of the failure. */
export function isFenced(error: unknown): boolean {
  return error instanceof Fenced;
}

/**
 * Resolves with what `use` resolves with, or `taken-over` as soon as another run has taken the id over. After any other
 * failure to commit it is unknown whether the transaction was committed: `use` must not commit again.
 */
export async function withExclusiveTransactions<Outcome>(
  cluster: Pick<Cluster, 'openTransactionalProducer'>,
  transactionalId: string,
  use: (commit: Commit) => Promise<Outcome>,
): Promise<Outcome | TakenOver> {
  const producer = await cluster.openTransactionalProducer(transactionalId);
  let fenced: Fenced | undefined;
  const commit: Commit = async (parts, position) => {
    if (fenced !== undefined) throw fenced;
    const { kind } = await producer.commit(parts, position);
    if (kind === 'committed') return;
    fenced = new Fenced(`${transactionalId} was taken over by another run`);
    throw fenced;
  };
  try {
    return await use(commit);
  } catch (error) {
    if (isFenced(error)) return { kind: 'taken-over' };
    throw error;
  } finally {
    // After a failure the brokers may be away.
    await producer.close().catch(() => undefined);
  }
}
