/**
 * What the sender of an event had shown when it came. Deletions for privacy and their end (`delete`, `unsuppress`) need
 * more than a write key, which anybody can read in a web page. It is kept beside the event, so that an event that was
 * refused comes back with the rights that it had.
 */
import { headerNames, headerText } from './headers.ts';
import type { ConsumedRecord } from './record.ts';

/**
 * - `api-key`: the connector's API key, or a signature made with its secret
 * - `write-key`: a write key
 * - `operator`: an operator's own file (backfill), or an operator's word for this one event (`astrolabe dlq redrive
 *   --as-trusted`)
 */
export type SenderTrust = 'api-key' | 'write-key' | 'operator';

/** What is not known counts as the least: records from before the header was written have none. */
export function senderTrustOf(record: Pick<ConsumedRecord, 'headers'>): SenderTrust {
  const text = headerText(record, headerNames.senderTrust);
  return text === 'api-key' || text === 'operator' ? text : 'write-key';
}
