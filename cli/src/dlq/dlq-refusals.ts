/** Why an operation on dead letters did nothing, in words, with the flags to use instead. */
import type { DecisionRefusal, PartitionBounds, SelectionRefusal } from '@astrolabe/operations';
import { visibleLine } from '@astrolabe/service-kit/terminal';
import { UsageError } from '../exit-codes.ts';
import { rangeUsage } from '../refusals.ts';

export function selectionUsage(refusal: SelectionRefusal): UsageError {
  switch (refusal.kind) {
    case 'unknown-topic':
      return new UsageError(
        `"${refusal.topic}" is not a dead-letter topic; use events or commands, or a topic name: ${refusal.known.join(', ')}.`,
      );
    case 'offsets-of-both-topics':
      return new UsageError('--offsets needs one topic: add --topic events or --topic commands.');
    default:
      return rangeUsage(refusal);
  }
}

export function decisionUsage(refusal: DecisionRefusal, fromFile: string | undefined): UsageError {
  switch (refusal.kind) {
    case 'nothing-selected':
      return new UsageError('Select dead letters with --code, --connector, --by-duration, --offsets, ..., or --all.');
    case 'invalid-position':
      return invalidPosition(refusal.text);
    case 'trusted-command':
      return new UsageError('--as-trusted works with events only: a command needs no trust.');
    case 'trusted-with-filter':
      return new UsageError(
        '--as-trusted cannot be combined with --all or a filter; use it alone or with --from-file.',
      );
    case 'trusted-not-exported':
      return new UsageError(`${fromFile ?? 'The export'} has no dead letter ${refusal.position}.`);
    case 'foreign-topic':
      return new UsageError(
        `${fromFile ?? 'The export'}: ${refusal.topic} is not a dead-letter topic of this pipeline.`,
      );
    default:
      return selectionUsage(refusal);
  }
}

export function invalidPosition(text: string): UsageError {
  return new UsageError(
    `"${visibleLine(text)}" is not the position of a dead letter; use events:partition:offset or commands:partition:offset.`,
  );
}

/** `the partition has offsets 0 to 41`. */
export function describeBounds({ lowWatermark, highWatermark }: PartitionBounds): string {
  if (lowWatermark < highWatermark) return `the partition has offsets ${lowWatermark} to ${highWatermark - 1n}`;
  return highWatermark === 0n
    ? 'the partition is empty'
    : `the partition is empty; everything before ${highWatermark} is gone`;
}
