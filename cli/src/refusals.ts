/** Why an operation did nothing, in words, with the flags to use instead. */
import type { RangeRefusal, UnknownConnector } from '@astrolabe/operations';
import { UsageError } from './exit-codes.ts';

export function rangeUsage(refusal: RangeRefusal): UsageError {
  switch (refusal.kind) {
    case 'several-starts':
      return new UsageError('Use only one of --to-earliest, --to-datetime, --by-duration and --offsets.');
    case 'unknown-partition': {
      const { topic, unknown, partitions } = refusal;
      return new UsageError(
        `${topic} has no partition ${unknown.join(', ')}; it has partitions 0 to ${partitions - 1}.`,
      );
    }
  }
}

export function connectorUsage({ path, id, known }: UnknownConnector): UsageError {
  return new UsageError(`${path} has no connector "${id}"; it has ${known.length === 0 ? 'none' : known.join(', ')}.`);
}
