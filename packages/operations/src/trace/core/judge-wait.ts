/** Why a command without a delivery has none yet. Pure. */
import type { CommittedPosition } from '@astrolabe/kafka';
import { decodeConnectorOffsets } from '@astrolabe/records';

/** A command on the command topic. */
export interface Undelivered {
  readonly offset: bigint;
  readonly connectorId: string | undefined;
}

/** What the dispatcher's commit for the partition says about the command. */
export type CommandWait =
  | { readonly kind: 'nothing-committed' }
  /** The connector lags and has a cursor of its own beside the commit (docs/adr/0009). */
  | { readonly kind: 'connector-lags'; readonly connectorId: string; readonly cursor: bigint }
  | { readonly kind: 'not-reached'; readonly nextOffset: bigint };

/** Undefined where by the commit the command is finished. */
export function judgeWait(
  { offset, connectorId }: Undelivered,
  commit: CommittedPosition | undefined,
): CommandWait | undefined {
  if (commit === undefined) return { kind: 'nothing-committed' };
  const cursor = connectorId === undefined ? undefined : decodeConnectorOffsets(commit.metadata)?.get(connectorId);
  if (connectorId !== undefined && cursor !== undefined && cursor <= offset) {
    return { kind: 'connector-lags', connectorId, cursor };
  }
  if (offset < commit.nextOffset) return undefined;
  return { kind: 'not-reached', nextOffset: commit.nextOffset };
}

/** For people. */
export function describeWait(wait: CommandWait): string {
  switch (wait.kind) {
    case 'nothing-committed':
      return 'waiting: the dispatcher has not committed an offset for this partition';
    case 'connector-lags':
      return `waiting: connector ${wait.connectorId} lags; its cursor is at offset ${wait.cursor}`;
    case 'not-reached':
      return `waiting: the dispatcher is at offset ${wait.nextOffset} of this partition`;
  }
}
