/** One dead letter in full. */
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import type { RangeRefusal } from '../cluster/spans.ts';
import { readContent } from './content.ts';
import type { DeadLetterContent } from './core/dead-letter-content.ts';
import { readDeadLetter, type DeadLetter } from './core/dead-letter.ts';
import type { DecisionMark, DecisionState } from './core/decision-marks.ts';
import type { DeadLetterPosition } from './core/position.ts';
import { readDecisionLog } from './decision-log.ts';
import { findBounds, type PartitionBounds } from './selection.ts';

export interface ShowOptions {
  readonly cluster: Pick<Cluster, 'topics' | 'admin' | 'reader' | 'inspector'>;
  readonly position: DeadLetterPosition;
  /** Without one, a command is given as bytes. */
  readonly decoder: CommandDecoder | undefined;
  readonly signal: OperationRun['signal'];
}

export type ShowOutcome =
  | {
      readonly kind: 'found';
      readonly deadLetter: DeadLetter;
      readonly content: DeadLetterContent;
      readonly state: DecisionState;
      /** Undefined for one that waits. */
      readonly mark: DecisionMark | undefined;
    }
  | { readonly kind: 'not-found'; readonly bounds: PartitionBounds }
  | RangeRefusal;

export async function showDeadLetter({ cluster, position, decoder, signal }: ShowOptions): Promise<ShowOutcome> {
  const found = await findBounds(cluster, position);
  if (found.kind !== 'bounds') return found;
  const { bounds } = found;
  const { role, topic, partition, offset } = position;
  const deadLetters: DeadLetter[] = [];
  if (offset >= bounds.lowWatermark && offset < bounds.highWatermark) {
    await cluster.reader.read({
      topic,
      partition,
      fromOffset: offset,
      endOffset: offset + 1n,
      signal,
      onRecords: (records) => void deadLetters.push(...records.map((record) => readDeadLetter(role, record))),
    });
  }
  const [deadLetter] = deadLetters;
  if (deadLetter === undefined) return { kind: 'not-found', bounds };
  const log = await readDecisionLog(cluster, signal);
  return {
    kind: 'found',
    deadLetter,
    content: await readContent(deadLetter, decoder),
    state: log.stateOf(deadLetter.record),
    mark: log.find(deadLetter.record),
  };
}
