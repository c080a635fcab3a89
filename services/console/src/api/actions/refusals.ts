/** Why a change was not made, as the API says it: what happened, why, and what to do. */
import type { DecisionRefusal, RangeRefusal, UnknownConnector } from '@astrolabe/operations';
import type { Refusal } from '../../routes/route.ts';

export function refusal(status: Refusal['status'], code: Refusal['code'], message: string): Refusal {
  return { kind: 'refused', status, code, message };
}

const invalid = (message: string): Refusal => refusal(422, 'console.selection-refused', message);

export function rangeRefusal(range: RangeRefusal): Refusal {
  switch (range.kind) {
    case 'several-starts':
      return invalid('offsets and a start in time cannot be combined; give one of them');
    case 'unknown-partition': {
      const { topic, unknown, partitions } = range;
      return invalid(`${topic} has no partition ${unknown.join(', ')}; it has partitions 0 to ${partitions - 1}`);
    }
  }
}

export function decisionRefusal(decision: DecisionRefusal): Refusal {
  switch (decision.kind) {
    case 'unknown-topic':
      return invalid(
        `${decision.topic} is not a dead-letter topic of this pipeline; use ${decision.known.join(' or ')}`,
      );
    case 'offsets-of-both-topics':
      return invalid('offsets are of one topic; say which, events or commands');
    case 'nothing-selected':
      return invalid('nothing is selected; give a filter, or "all": true for every dead letter that waits');
    case 'invalid-position':
      return invalid(`"${decision.text}" is not the position of a dead letter; use topic:partition:offset`);
    case 'trusted-command':
      return invalid('a command was trusted when its event came; only events can be named as trusted');
    case 'trusted-with-filter':
      return invalid('positions that are named as trusted cannot be combined with a filter');
    case 'trusted-not-exported':
      return invalid(`${decision.position} is named as trusted and is not among the lines`);
    case 'foreign-topic':
      return invalid(`${decision.topic} is not a dead-letter topic of this pipeline`);
    default:
      return rangeRefusal(decision);
  }
}

export function connectorRefusal({ id, known }: UnknownConnector): Refusal {
  const others = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return refusal(404, 'console.connector-unknown', `the connectors file has no connector "${id}"; ${others}`);
}
