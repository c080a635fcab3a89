/** Reads the audit on, for the jobs that it tells of. */
import { readAuditRecord } from '../audit/core/audit-record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { JobTable } from './core/job-table.ts';

const PARTITION = 0;
/** Dead letters are kept for 30 days: a job that was begun earlier finds nothing any more. */
const LOOKED_BACK_MS = 31 * 86_400_000;
const KEPT_ENDED = 200;

export class JobFollower {
  readonly table = new JobTable(KEPT_ENDED);
  readonly #cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>;
  #nextOffset: bigint | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>) {
    this.#cluster = cluster;
  }

  /** Everything that was stored before the call. Calls take turns. */
  refresh(nowMs: number, signal: AbortSignal): Promise<void> {
    const turn = this.#turn.then(() => this.#read(nowMs, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(nowMs: number, signal: AbortSignal): Promise<void> {
    const { admin, reader, topics } = this.#cluster;
    const topic = topics.audit.name;
    const { lastStableOffset, lowWatermark } = await reader.offsets(topic, PARTITION);
    // Begun again from its start where the topic was deleted and created again.
    if (this.#nextOffset !== undefined && this.#nextOffset > lastStableOffset) this.#nextOffset = lowWatermark;
    this.#nextOffset ??= (await admin.offsetsAt(topic, nowMs - LOOKED_BACK_MS)).get(PARTITION) ?? lowWatermark;
    if (this.#nextOffset >= lastStableOffset) return;
    this.#nextOffset = await reader.read({
      topic,
      partition: PARTITION,
      fromOffset: this.#nextOffset,
      endOffset: lastStableOffset,
      signal,
      onRecords: (records, nextOffset) => {
        for (const record of records) this.table.apply(readAuditRecord(record));
        this.#nextOffset = nextOffset;
      },
    });
  }
}
