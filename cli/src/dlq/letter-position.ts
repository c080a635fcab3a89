/** Dead letters by the place that verbs print: `[topic:]partition:offset`. */
import type { Topics } from '@astrolabe/records';
import type { Cluster, PartitionSpan } from '../cluster.ts';
import { visibleLine } from '../core/visible-text.ts';
import { UsageError } from '../exit-codes.ts';
import { deadLetterTopics, roleOf, type LetterRole } from './dead-letter.ts';

export interface LetterPosition {
  readonly role: LetterRole;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Throws a `UsageError` for what names no dead letter. `topicFlag` is the topic where the text names none. */
export function parsePosition(topics: Topics, text: string, topicFlag: string | undefined): LetterPosition {
  const match = /^(?:(.+):)?(\d{1,9}):(\d{1,18})$/.exec(text);
  const name = match?.[1] ?? topicFlag;
  const role = name === undefined ? undefined : roleOf(topics, name);
  if (match === null || role === undefined) {
    throw new UsageError(
      `"${visibleLine(text)}" names no dead letter; write events:partition:offset or commands:partition:offset.`,
    );
  }
  return {
    role,
    topic: deadLetterTopics(topics)[role],
    partition: Number(match[2]),
    offset: BigInt(match[3] ?? ''),
  };
}

/** What a partition of dead letters holds. Throws a `UsageError` for a partition that the topic does not have. */
export async function boundsOf(
  { admin, reader }: Pick<Cluster, 'admin' | 'reader'>,
  { topic, partition }: Pick<LetterPosition, 'topic' | 'partition'>,
): Promise<{ readonly lowWatermark: bigint; readonly highWatermark: bigint }> {
  const numbers = (await admin.watermarks(topic)).map((each) => each.partition);
  if (!numbers.includes(partition)) {
    throw new UsageError(
      `${topic} has no partition ${partition}; it has ${numbers[0] ?? 0} to ${numbers.at(-1) ?? 0}.`,
    );
  }
  return reader.offsets(topic, partition);
}

/** `0 to 41`, or that there is nothing. */
export function describeBounds(bounds: { readonly lowWatermark: bigint; readonly highWatermark: bigint }): string {
  const { lowWatermark, highWatermark } = bounds;
  if (lowWatermark < highWatermark) return `the partition holds ${lowWatermark} to ${highWatermark - 1n}`;
  return highWatermark === 0n
    ? 'the partition is empty'
    : `the partition is empty, all before ${highWatermark} is gone`;
}

/** One span for each position, as far as it is still there. */
export async function spansOfPositions(
  cluster: Pick<Cluster, 'admin' | 'reader'>,
  positions: readonly LetterPosition[],
): Promise<PartitionSpan[]> {
  const byPartition = Map.groupBy(positions, ({ topic, partition }) => `${topic}:${partition}`);
  const spans = await Promise.all(
    [...byPartition.values()].map(async ([first, ...others]): Promise<PartitionSpan[]> => {
      if (first === undefined) return [];
      const { lowWatermark, highWatermark } = await boundsOf(cluster, first);
      return [first, ...others]
        .filter(({ offset }) => offset >= lowWatermark && offset < highWatermark)
        .map(({ topic, partition, offset }) => ({ topic, partition, fromOffset: offset, endOffset: offset + 1n }));
    }),
  );
  return spans.flat();
}
