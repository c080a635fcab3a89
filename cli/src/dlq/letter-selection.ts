/** Which dead letters a verb is about: flags → the parts of the topics to read, and a filter. */
import type { Cluster, PartitionSpan } from '../cluster.ts';
import { readSpans, spansOf } from '../cluster.ts';
import { UsageError } from '../exit-codes.ts';
import type { RangeFlags } from '../flags.ts';
import {
  deadLetterTopics,
  matchesFilter,
  readDeadLetter,
  roleOf,
  type DeadLetter,
  type LetterFilter,
  type LetterRole,
} from './dead-letter.ts';

export interface SelectionFlags extends RangeFlags, LetterFilter {
  readonly topic?: string;
}

export interface LetterSpans {
  readonly role: LetterRole;
  readonly spans: readonly PartitionSpan[];
}

/** Both topics where none is named. As they are now: what dies later is not part of it. */
export async function spansOfSelection(cluster: Cluster, flags: SelectionFlags, nowMs: number): Promise<LetterSpans[]> {
  const { topics } = cluster;
  const role = flags.topic === undefined ? undefined : roleOf(topics, flags.topic);
  if (flags.topic !== undefined && role === undefined) {
    const names = Object.values(deadLetterTopics(topics)).join(' or ');
    throw new UsageError(`"${flags.topic}" is no dead-letter topic; it is ${names}, or events or commands for short.`);
  }
  if (flags.offsets !== undefined && role === undefined) {
    throw new UsageError('--offsets are those of one topic: add --topic events or --topic commands.');
  }
  const roles: readonly LetterRole[] = role === undefined ? ['events', 'commands'] : [role];
  return Promise.all(
    roles.map(async (each) => ({
      role: each,
      spans: await spansOf(cluster, deadLetterTopics(topics)[each], flags, nowMs),
    })),
  );
}

/** Calls `onLetters` with those that pass the filter, in the order of their offsets within each partition. */
export async function readLetters(
  cluster: Cluster,
  selection: readonly LetterSpans[],
  filter: LetterFilter,
  signal: AbortSignal,
  onLetters: (letters: readonly DeadLetter[], readRecords: number) => void | Promise<void>,
): Promise<void> {
  for (const { role, spans } of selection) {
    await readSpans(cluster, spans, signal, async (records) => {
      const letters = records.map((record) => readDeadLetter(role, record));
      await onLetters(
        letters.filter((letter) => matchesFilter(letter, filter)),
        records.length,
      );
    });
  }
}
