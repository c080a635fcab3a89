/** Which records of a range are replayed. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { describeRecord, matchesRecordFilter } from '../records/describe-record.ts';
import { isReplayedCopy } from './core/replayed-record.ts';
import type { ReplayRequest } from './core/replay-state.ts';

export type Match = 'matched' | 'replayedBefore' | 'filteredOut';

/** Whether the filter depends on the value, which of commands needs a registry. */
export function needsValue({ user, account, type, event }: ReplayRequest): boolean {
  return [user, account, type, event].some((filter) => filter !== undefined);
}

export async function matchRecord(
  record: ConsumedRecord,
  request: ReplayRequest,
  decoder: CommandDecoder | undefined,
): Promise<Match> {
  if (request.includeReplayed !== true && isReplayedCopy(record)) return 'replayedBefore';
  const connectorId = headerText(record, headerNames.connectorId);
  const { connector, source, user, account, type, event } = request;
  if (connector !== undefined && (connectorId === undefined || !connector.includes(connectorId))) return 'filteredOut';
  if (!needsValue(request)) return 'matched';
  const described = await describeRecord(source === 'events' ? 'event' : 'command', record, decoder);
  const filter = {
    ...(user !== undefined && { user }),
    ...(account !== undefined && { account }),
    ...(type !== undefined && { type }),
    ...(event !== undefined && { event }),
  };
  return matchesRecordFilter(described, filter) ? 'matched' : 'filteredOut';
}
