/** Reads what the services make of a replay's records, from its start on, beside them and without a consumer group. */
import type { CommittedPosition, PartitionWatermarks } from '@astrolabe/kafka';
import { decodeChunk } from '@astrolabe/ledger';
import { decodeConnectorOffsets, headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import type { ServiceGroups } from '../cluster/service-readings.ts';
import { readSpans, type PartitionSpan } from '../cluster/spans.ts';
import { LagWatch } from './core/lag-watch.ts';
import { OutcomeTally, type HasPassed, type TalliedRecord } from './core/outcome-tally.ts';
import type { ReplayState } from './core/replay-state.ts';

export interface ServicesSnapshot {
  /** Text that changes whenever a service has made progress. */
  readonly progressMark: string;
  /** How long the services have been behind, live traffic included. Known from the first snapshot on. */
  readonly behindMs: number;
}

type WatchedCluster = Pick<Cluster, 'admin' | 'reader' | 'topics'>;

export class OutcomeWatcher {
  readonly tally: OutcomeTally;
  readonly #cluster: WatchedCluster;
  readonly #groups: ServiceGroups;
  readonly #state: ReplayState;
  readonly #mapperLag = new LagWatch();
  readonly #dispatcherLag = new LagWatch();
  /** By topic, the next offset to read of each partition. */
  readonly #positions: Map<string, readonly bigint[]>;

  constructor(cluster: WatchedCluster, groups: ServiceGroups, state: ReplayState) {
    this.#cluster = cluster;
    this.#groups = groups;
    this.#state = state;
    this.tally = new OutcomeTally(state.request.source);
    this.#positions = new Map(Object.entries(state.watchFrom));
  }

  /** Brings the tally up to date. */
  async poll(nowMs: number, signal: AbortSignal): Promise<ServicesSnapshot> {
    const { admin, topics } = this.#cluster;
    const { tally } = this;
    // From what is written last to what is written first: whatever is found about a record comes after the record
    // itself.
    const dispatched = await admin.commits(this.#groups.dispatcher, topics.commands.name);
    const mapped = await admin.commits(this.#groups.mapper, topics.segmentEvents.name);
    const deliveries = await admin.watermarks(topics.deliveries.name);
    const commandDeadLetters = await admin.watermarks(topics.commandsDeadLetters.name);
    const eventDeadLetters = await admin.watermarks(topics.segmentEventsDeadLetters.name);
    const commands = await admin.watermarks(topics.commands.name);
    const isOfEvents = this.#state.request.source === 'events';
    const events = isOfEvents ? await admin.watermarks(topics.segmentEvents.name) : [];

    await this.#readTo(topics.segmentEvents.name, events, signal, (record) => {
      if (this.#isOurs(record)) tally.sawEvent(toTallied(record));
    });
    await this.#readTo(topics.commands.name, commands, signal, (record) => {
      if (this.#isOurs(record)) tally.sawCommand(toTallied(record));
    });
    await this.#readTo(topics.segmentEventsDeadLetters.name, eventDeadLetters, signal, (deadLetter) => {
      const source = this.#sourceOf(deadLetter, topics.segmentEvents.name);
      if (source !== undefined) tally.sawEventDeadLetter(source.partition, source.offset);
    });
    await this.#readTo(topics.commandsDeadLetters.name, commandDeadLetters, signal, (deadLetter) => {
      const source = this.#sourceOf(deadLetter, topics.commands.name);
      if (source !== undefined) tally.sawDelivery(source.partition, source.offset, 'dead-lettered');
    });
    await this.#readTo(topics.deliveries.name, deliveries, signal, ({ partition, value }) => {
      if (value === null || tally.pendingCommands === 0) return;
      for (const { offset, outcome } of decodeChunk(value).deliveries()) tally.sawDelivery(partition, offset, outcome);
    });
    tally.settle(passedBy(mapped), passedBy(dispatched));
    return {
      progressMark: `${tally.ended} ${describeCommits(mapped)} ${describeCommits(dispatched)}`,
      behindMs: Math.max(
        this.#mapperLag.observe(nowMs, events, mapped),
        this.#dispatcherLag.observe(nowMs, commands, dispatched),
      ),
    };
  }

  /**
   * Reads on to the ends, through open transactions: what a service committed before it moved its position is among it.
   */
  async #readTo(
    topic: string,
    watermarks: readonly PartitionWatermarks[],
    signal: AbortSignal,
    onRecord: (record: ConsumedRecord) => void,
  ): Promise<void> {
    const from = this.#positions.get(topic) ?? [];
    const ends = watermarks.map(({ highWatermark }) => highWatermark);
    const spans = ends
      .map((endOffset, partition): PartitionSpan => {
        return { topic, partition, fromOffset: from[partition] ?? 0n, endOffset };
      })
      .filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
    await readSpans(this.#cluster, spans, signal, (records) => records.forEach(onRecord));
    this.#positions.set(topic, ends);
  }

  #isOurs(record: ConsumedRecord): boolean {
    return headerText(record, headerNames.replayId) === this.#state.id;
  }

  /** Where the record was that became this dead letter; undefined where it is not one of the replay's on `topic`. */
  #sourceOf(deadLetter: ConsumedRecord, topic: string): { partition: number; offset: bigint } | undefined {
    if (!this.#isOurs(deadLetter) || headerText(deadLetter, headerNames.deadLetterTopic) !== topic) return undefined;
    const partition = headerText(deadLetter, headerNames.deadLetterPartition);
    const offset = headerText(deadLetter, headerNames.deadLetterOffset);
    if (partition === undefined || offset === undefined) return undefined;
    return { partition: Number(partition), offset: BigInt(offset) };
  }
}

function toTallied(record: ConsumedRecord): TalliedRecord {
  const connectorId = headerText(record, headerNames.connectorId) ?? '';
  const messageId = headerText(record, headerNames.messageId) ?? '';
  return {
    partition: record.partition,
    offset: record.offset,
    connectorId,
    eventKey: JSON.stringify([connectorId, messageId]),
  };
}

/** A connector that lags has a cursor of its own beside the commit (docs/adr/0009). */
function passedBy(commits: ReadonlyMap<number, CommittedPosition>): HasPassed {
  const cursors = new Map(
    [...commits].map(([partition, { metadata }]) => [partition, decodeConnectorOffsets(metadata)]),
  );
  return ({ partition, offset, connectorId }) => {
    const committed = commits.get(partition);
    if (committed === undefined || offset >= committed.nextOffset) return false;
    const cursor = cursors.get(partition)?.get(connectorId);
    return cursor === undefined || offset < cursor;
  };
}

function describeCommits(commits: ReadonlyMap<number, CommittedPosition>): string {
  return [...commits].map(([partition, { nextOffset, metadata }]) => `${partition}:${nextOffset}${metadata}`).join(',');
}
