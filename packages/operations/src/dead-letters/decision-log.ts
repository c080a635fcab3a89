/** What has been decided about dead letters, as `astrolabe.redrives.v1` has it. */
import { isRecreated } from '@astrolabe/records';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { POLL_MS, settledOffsets } from '../cluster/settled-offsets.ts';
import { readSpans, wholeTopic } from '../cluster/spans.ts';
import { positionOf, type DeadLetter } from './core/dead-letter.ts';
import { offsetsOf, parseMark, type DecisionMark, type DecisionState } from './core/decision-marks.ts';

type Position = Pick<DeadLetter['record'], 'topic' | 'partition' | 'offset'>;

export interface DecisionLog {
  /** Of the dead-letter topics, by name, for new marks. */
  readonly topicIds: ReadonlyMap<string, string>;
  stateOf(position: Position): DecisionState;
  /** The mark of a dead letter; undefined for one that waits. */
  find(position: Position): DecisionMark | undefined;
}

export async function readDecisionLog(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'inspector' | 'topics'>,
  signal: AbortSignal,
): Promise<DecisionLog> {
  const marks = new Map<string, DecisionMark>();
  const topicIds = await readTopicIds(cluster);
  const spans = await wholeTopic(cluster, cluster.topics.redrives.name);
  await readSpans(cluster, spans, signal, (records) => {
    for (const { value } of records) {
      const mark = parseMark(value);
      const { topic, partition, topicId } = mark;
      // Of dead letters that are gone with their topic: those at the same offsets of the new one still wait.
      if (topicId !== undefined && isRecreated(topicId, topicIds.get(topic))) continue;
      for (const offset of offsetsOf(mark)) marks.set(positionOf({ topic, partition, offset }), mark);
    }
  });
  const find = (position: Position): DecisionMark | undefined => marks.get(positionOf(position));
  return {
    topicIds,
    find,
    stateOf: (position) => {
      const mark = find(position);
      return mark === undefined ? 'waiting' : (mark.kind ?? 'redriven');
    },
  };
}

/** How many dead letters were decided in the runs of one id. */
export async function countDecided(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  redriveId: string,
  signal: AbortSignal,
): Promise<number> {
  const spans = await wholeTopic(cluster, cluster.topics.redrives.name);
  let decided = 0;
  await readSpans(cluster, spans, signal, (records) => {
    for (const { value } of records) {
      const mark = parseMark(value);
      if (mark.redriveId === redriveId) decided += [...offsetsOf(mark)].length;
    }
  });
  return decided;
}

/**
 * Brokers write a transaction's markers after they have acknowledged its commit. The next reader of the log must see
 * the marks.
 */
export async function untilMarksAreVisible(
  { clock, signal }: OperationRun,
  { reader, topics }: Pick<Cluster, 'reader' | 'topics'>,
): Promise<void> {
  await settledOffsets(reader, topics.redrives.name, 0, () => clock.sleep(POLL_MS, signal));
}

/** Ids of the two dead-letter topics, by name; without those that the brokers do not give. */
async function readTopicIds({
  inspector,
  topics,
}: Pick<Cluster, 'inspector' | 'topics'>): Promise<ReadonlyMap<string, string>> {
  const found = await inspector.describe([topics.segmentEventsDeadLetters.name, topics.commandsDeadLetters.name]);
  return new Map(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId] as const])));
}
