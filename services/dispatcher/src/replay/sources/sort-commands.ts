/** What is done with a command of a replay before it has cost a place in a lane, and its value is decoded. */
import { deliveryIdOf } from '@astrolabe/ledger';
import type { ReplayMark } from '@astrolabe/processing';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { isEndOf, knownOutcomeOf } from '../../core/replay/known-outcome.ts';
import type { DeliveryLedger } from '../../lifecycle/delivery-ledger.ts';
import type { SortedRecord } from './cursor-source.ts';

/**
 * A command whose end the ledger has is counted here and not run: most of a range is such, and nobody waits for its
 * order. The record has the replay's marks. What is recorded and not yet acknowledged counts as well: should that be
 * lost, the record that it is the outcome of is not finished, and is read again.
 */
export function sortByLedger(
  record: ConsumedRecord,
  mark: ReplayMark,
  ledger: Pick<DeliveryLedger, 'lookup'>,
): SortedRecord {
  const commandId = headerText(record, headerNames.commandId);
  if (commandId === undefined) return { kind: 'run', record, mark };
  const deliveryId = deliveryIdOf(record, commandId);
  const known = ledger.lookup(deliveryId);
  if (known === undefined) return { kind: 'run', record, mark };
  const ledgerRecord = { offset: record.offset, replay: mark, isForced: deliveryId !== commandId };
  if (!isEndOf(known, ledgerRecord)) return { kind: 'run', record, mark };
  return { kind: 'skip', replayId: mark.replayId, outcome: knownOutcomeOf(known, ledgerRecord) };
}
