/** What has become of a command, from the ledger's entries and the dispatcher's commit. Pure. */
import { decodeCursors, type CommittedPosition } from '@astrolabe/kafka';
import type { Delivery } from '@astrolabe/ledger';

/** Where a command stands. */
export interface CommandPlace {
  readonly commandId: string;
  readonly connectorId: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * - `behind`: the dispatcher has not come to it
 * - `lags`: the dispatcher is past it, and its connector, which lags, is not: the cursor is where that one goes on (`docs/adr/0009`)
 */
export type Waiting =
  | { readonly kind: 'behind'; readonly command: CommandPlace; readonly nextOffset: bigint | undefined }
  | { readonly kind: 'lags'; readonly command: CommandPlace; readonly cursor: bigint };

/**
 * Why a command waits; undefined where it has ended. A dead letter that was sent in again has an entry already and stands behind the commit
 * all the same, so only an entry for this very offset, or any but a dead letter's, is an ending.
 */
export function waitingOf(
  command: CommandPlace,
  deliveries: readonly Delivery[],
  commit: CommittedPosition | undefined,
): Waiting | undefined {
  const { connectorId, offset } = command;
  if (deliveries.some((delivery) => delivery.outcome !== 'dead-lettered' || delivery.offset === offset)) {
    return undefined;
  }
  if (commit === undefined || offset >= commit.nextOffset) {
    return { kind: 'behind', command, nextOffset: commit?.nextOffset };
  }
  const cursor = decodeCursors(commit.metadata)?.get(connectorId);
  return cursor === undefined || offset < cursor ? undefined : { kind: 'lags', command, cursor };
}

export function explainWaiting(waiting: Waiting): string {
  if (waiting.kind === 'lags') {
    return `waits: connector ${waiting.command.connectorId} lags, its cursor stands at offset ${waiting.cursor}`;
  }
  return waiting.nextOffset === undefined
    ? 'waits: the dispatcher has finished nothing of this partition yet'
    : `waits: the dispatcher stands at offset ${waiting.nextOffset}`;
}
