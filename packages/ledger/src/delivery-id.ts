/** Under which id a command is delivered: in the ledger, and as the key of its call. Pure. */
import { createHash } from 'node:crypto';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';

/**
 * The command's own id, except on a record of a replay with `--force`: there, 32 hexadecimal digits derived from
 * that id and the replay's. The ledger and the API do not know this id, so the command is sent again; afterwards they
 * know it, so a restart does not send it twice for the same replay.
 */
export function deliveryIdOf(record: Pick<ConsumedRecord, 'headers' | 'encoded'>, commandId: string): string {
  const replayId = headerText(record, headerNames.replayId);
  if (replayId === undefined || headerText(record, headerNames.replayForce) !== '1') return commandId;
  return forcedDeliveryId(replayId, commandId);
}

/** Of a command that this replay has delivered with `--force`. */
export function forcedDeliveryId(replayId: string, commandId: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['replay', replayId, commandId]), 'utf8')
    .digest('hex')
    .slice(0, ID_DIGITS);
}

const ID_DIGITS = 32;
