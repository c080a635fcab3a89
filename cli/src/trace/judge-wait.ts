/** Why a command without a delivery has none yet. Pure. */
import type { CommittedPosition } from '@astrolabe/kafka';
import { decodeConnectorOffsets } from '@astrolabe/records';

/** A command on the command topic. */
export interface Undelivered {
  readonly offset: bigint;
  readonly connectorId: string | undefined;
}

/**
 * What the dispatcher's commit for the partition says of the command; undefined where by it the command is finished. A connector that lags has
 * a cursor of its own beside the offset (`docs/adr/0009`).
 */
export function judgeWait(
  { offset, connectorId }: Undelivered,
  commit: CommittedPosition | undefined,
): string | undefined {
  if (commit === undefined) return 'waits: the dispatcher has committed nothing of this partition';
  const cursor = connectorId === undefined ? undefined : decodeConnectorOffsets(commit.metadata)?.get(connectorId);
  if (cursor !== undefined && cursor <= offset) {
    return `waits: connector ${connectorId} lags, its cursor stands at offset ${cursor}`;
  }
  if (offset < commit.nextOffset) return undefined;
  return `waits: the dispatcher stands at offset ${commit.nextOffset} of this partition`;
}
