/**
 * Checks the dispatcher's ledger: any dispatcher that reads a delivered command again must know its outcome and make no
 * call. The other checks would miss such a call, because the API remembers its idempotency keys.
 */
import type { Evidence } from '../evidence.ts';
import type { ReadAgain } from '../observed.ts';
import type { Finding } from '../violation.ts';
import { about, deadCommandIds, executionsBeforeReadAgain } from './delivered.ts';
import { Totals } from './totals.ts';

/**
 * A dead-lettered command may be called again: the ledger may not have its dead letter yet, or may have it for another
 * record.
 */
export function* findForgotten({ expected, observed }: Evidence): Iterable<Finding> {
  const { readAgain } = observed;
  if (readAgain === undefined) return;
  const delivered = executionsBeforeReadAgain(observed);
  const dead = deadCommandIds(observed);
  const calls = Map.groupBy(readAgain.calls, ({ commandId }) => commandId);
  for (const [commandId, { length }] of calls) {
    const wanted = expected.commandsById.get(commandId);
    // Other checks find commands that were never delivered (`accounted`) and foreign keys (`one-key`).
    if (wanted === undefined || dead.has(commandId) || !delivered.has(commandId)) continue;
    const times = length === 1 ? 'once' : `${length} times`;
    yield about(wanted, 'remembered', `it was delivered, and called for ${times} more when the topic was read again`);
  }
}

/** By the dispatchers' own count. */
export function commandsReadAgain(readAgain: ReadAgain): number {
  return new Totals(readAgain, 'dispatcher').sum('dispatcher_commands_total');
}
