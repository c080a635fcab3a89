/** Which records of a range are replayed. Pure but for the decoder. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { matchesContent, readContent, readEventContent, type RecordContent } from './record-content.ts';
import { isReplayedCopy } from './replayed-record.ts';
import { needsValue, type ReplayRequest } from './replay-request.ts';

export type Match = 'matched' | 'replayedBefore' | 'filteredOut';

export function matchEvent(record: ConsumedRecord, request: ReplayRequest): Match {
  const match = matchHeaders(record, request);
  if (match !== 'matched' || !needsValue(request)) return match;
  return matchesContent(readEventContent(record), request) ? 'matched' : 'filteredOut';
}

/**
 * Without waiting where the filter does not depend on the value, or the decoder need not wait. Rejects with what the
 * decoder rejects with.
 */
export function matchCommand(
  record: ConsumedRecord,
  request: ReplayRequest,
  decoder: CommandDecoder | undefined,
): Match | Promise<Match> {
  const match = matchHeaders(record, request);
  if (match !== 'matched' || !needsValue(request)) return match;
  const judge = (content: RecordContent): Match => (matchesContent(content, request) ? 'matched' : 'filteredOut');
  const content = readContent(record, decoder);
  return content instanceof Promise ? content.then(judge) : judge(content);
}

function matchHeaders(record: ConsumedRecord, { includeReplayed, connector }: ReplayRequest): Match {
  if (includeReplayed !== true && isReplayedCopy(record)) return 'replayedBefore';
  if (connector === undefined) return 'matched';
  const connectorId = headerText(record, headerNames.connectorId);
  return connectorId !== undefined && connector.includes(connectorId) ? 'matched' : 'filteredOut';
}
