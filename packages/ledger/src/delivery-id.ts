/** Under which id a command is delivered: in the ledger, and as the key of its call. Pure. */
import { createHash } from 'node:crypto';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';

/**
 * The command's own id. On a record that a replay with `--force` sent, 32 hexadecimal digits derived from that id and
 * the replay's: the ledger and the API do not know it, so the command is sent again, and know it from then on, so it is
 * sent once for that replay, whatever starts again.
 */
export function deliveryIdOf(record: Pick<ConsumedRecord, 'headers'>, commandId: string): string {
  const replayId = headerText(record, headerNames.replayId);
  if (replayId === undefined || headerText(record, headerNames.replayForce) !== '1') return commandId;
  return createHash('sha256')
    .update(JSON.stringify(['replay', replayId, commandId]), 'utf8')
    .digest('hex')
    .slice(0, ID_DIGITS);
}

const ID_DIGITS = 32;
