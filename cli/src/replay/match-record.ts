/** Which records of a range are replayed. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { describeRecord } from '../tail/describe-record.ts';
import type { ReplayRequest } from './replay-state.ts';

export type Match = 'matched' | 'replayedBefore' | 'filteredOut';

/** Whether the filter looks into the value, for which commands need a registry. */
export function needsValue({ user, account, type, event }: ReplayRequest): boolean {
  return [user, account, type, event].some((filter) => filter !== undefined);
}

export async function matchRecord(
  record: ConsumedRecord,
  request: ReplayRequest,
  decoder: CommandDecoder | undefined,
): Promise<Match> {
  if (request.includeReplayed !== true && isCopy(record)) return 'replayedBefore';
  const connectorId = headerText(record, headerNames.connectorId);
  const { connector, user, account, type, event, source } = request;
  if (connector !== undefined && (connectorId === undefined || !connector.includes(connectorId))) return 'filteredOut';
  if (!needsValue(request)) return 'matched';
  const described = await describeRecord(source === 'events' ? 'event' : 'command', record, decoder);
  const matches =
    (user === undefined || described.userId === user) &&
    (account === undefined || described.accountId === account) &&
    // Senders write `Track` and `track`; the mapper takes both.
    (type === undefined || described.type?.toLowerCase() === type.toLowerCase()) &&
    (event === undefined || described.event === event);
  return matches ? 'matched' : 'filteredOut';
}

/** A replay's copy of another record of the same topic. What the mapper made of a replayed event is none: it is there once. */
function isCopy(record: ConsumedRecord): boolean {
  return headerText(record, headerNames.replayFrom)?.startsWith(`${record.topic}:`) === true;
}
