/** Reads what the services make of a replay's records, from its start on, beside them and without a consumer group. */
import type { CommittedPosition, PartitionWatermarks } from '@astrolabe/kafka';
import { decodeChunk } from '@astrolabe/ledger';
import { decodeConnectorOffsets, headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { readSpans, type Cluster, type PartitionSpan } from '../cluster.ts';
import { LagWatch } from './lag-watch.ts';
import { OutcomeTally, type HasPassed, type TalliedRecord } from './outcome-tally.ts';
import type { ReplayState } from './replay-state.ts';

export interface Follower {
  readonly tally: OutcomeTally;
  /** Brings the tally up to date. */
  poll(nowMs: number, signal: AbortSignal): Promise<Look>;
}

export interface Look {
  /** A text that changes whenever a service has moved. */
  readonly movement: string;
  /** How long the services have been behind, live traffic included. Seen from the first look on. */
  readonly behindMs: number;
}

export interface ServiceGroups {
  readonly mapper: string;
  readonly dispatcher: string;
}

/** The topics that are watched, the source among them. */
export function watchedTopics({ topics }: Pick<Cluster, 'topics'>): readonly string[] {
  const { segmentEvents, segmentEventsDeadLetters, commands, commandsDeadLetters, deliveries } = topics;
  return [segmentEvents, segmentEventsDeadLetters, commands, commandsDeadLetters, deliveries].map(({ name }) => name);
}

/** The end of each partition of a topic. */
export async function endsOf({ admin }: Pick<Cluster, 'admin'>, topic: string): Promise<bigint[]> {
  return highsOf(await admin.watermarks(topic));
}

function highsOf(bounds: readonly PartitionWatermarks[]): bigint[] {
  return bounds.map(({ highWatermark }) => highWatermark);
}

export function createFollower(cluster: Cluster, groups: ServiceGroups, state: ReplayState): Follower {
  const { admin, topics } = cluster;
  const { source } = state.request;
  const tally = new OutcomeTally(source);
  const mapperLag = new LagWatch();
  const dispatcherLag = new LagWatch();
  const positions = new Map(Object.entries(state.watchFrom).map(([topic, offsets]) => [topic, [...offsets]]));

  const isOurs = (record: ConsumedRecord): boolean => headerText(record, headerNames.replayId) === state.id;
  const readTo = async (
    topic: string,
    ends: readonly bigint[],
    signal: AbortSignal,
    onRecord: (record: ConsumedRecord) => void,
  ): Promise<void> => {
    const from = positions.get(topic) ?? [];
    const spans = ends
      .map((endOffset, partition): PartitionSpan => ({
        topic,
        partition,
        fromOffset: from[partition] ?? 0n,
        endOffset,
      }))
      .filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
    // Up to the end through open transactions: what a service committed before it moved its position is among it.
    await readSpans(cluster, spans, signal, (records) => {
      records.forEach(onRecord);
    });
    positions.set(topic, [...ends]);
  };
  const letterSource = (letter: ConsumedRecord, topic: string): { partition: number; offset: bigint } | undefined => {
    if (!isOurs(letter) || headerText(letter, headerNames.deadLetterTopic) !== topic) return undefined;
    const partition = Number(headerText(letter, headerNames.deadLetterPartition));
    return { partition, offset: BigInt(headerText(letter, headerNames.deadLetterOffset) ?? '-1') };
  };

  return {
    tally,
    poll: async (nowMs, signal) => {
      // From what is written last to what is written first: whatever is found of a record comes after the record itself.
      const dispatched = await admin.commits(groups.dispatcher, topics.commands.name);
      const mapped = await admin.commits(groups.mapper, topics.segmentEvents.name);
      const deliveryEnds = await endsOf(cluster, topics.deliveries.name);
      const commandLetterEnds = await endsOf(cluster, topics.commandsDeadLetters.name);
      const eventLetterEnds = await endsOf(cluster, topics.segmentEventsDeadLetters.name);
      const commandBounds = await admin.watermarks(topics.commands.name);
      const eventBounds = source === 'events' ? await admin.watermarks(topics.segmentEvents.name) : [];

      await readTo(topics.segmentEvents.name, highsOf(eventBounds), signal, (record) => {
        if (isOurs(record)) tally.sawEvent(toTallied(record));
      });
      await readTo(topics.commands.name, highsOf(commandBounds), signal, (record) => {
        if (isOurs(record)) tally.sawCommand(toTallied(record));
      });
      await readTo(topics.segmentEventsDeadLetters.name, eventLetterEnds, signal, (letter) => {
        const from = letterSource(letter, topics.segmentEvents.name);
        if (from !== undefined) tally.sawEventLetter(from.partition, from.offset);
      });
      await readTo(topics.commandsDeadLetters.name, commandLetterEnds, signal, (letter) => {
        const from = letterSource(letter, topics.commands.name);
        if (from !== undefined) tally.sawDelivery(from.partition, from.offset, 'dead-lettered');
      });
      await readTo(topics.deliveries.name, deliveryEnds, signal, ({ partition, value }) => {
        if (value === null || tally.pendingCommands === 0) return;
        for (const { offset, outcome } of decodeChunk(value).deliveries())
          tally.sawDelivery(partition, offset, outcome);
      });
      tally.settle(passedBy(mapped), passedBy(dispatched));
      return {
        movement: `${tally.ended} ${describeCommits(mapped)} ${describeCommits(dispatched)}`,
        behindMs: Math.max(
          mapperLag.observe(nowMs, eventBounds, mapped),
          dispatcherLag.observe(nowMs, commandBounds, dispatched),
        ),
      };
    },
  };
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

/** A connector that lags stands at a cursor of its own beside the commit (docs/adr/0009). */
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
