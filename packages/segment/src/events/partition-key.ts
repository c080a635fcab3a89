/**
 * Which identity orders an event: the user, else the anonymous visitor, else the account. Events of one key keep their
 * order and may wait for each other, so the key is the narrowest identity that every effect of the event belongs to.
 */
export type IdentityKind = 'user' | 'anonymous' | 'account';

/** The ids that an event may carry. */
export interface EventIdentity {
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  /** Of group calls only. */
  readonly groupId?: string | undefined;
}

/**
 * The record key: JSON of `[connectorId, kind, id]`. It contains the connector, which separates two customers' `user1`.
 * It is JSON, so an id that contains a separator cannot make it ambiguous. Undefined without any id, which `parseEvent`
 * never allows.
 */
export function partitionKey(connectorId: string, { userId, anonymousId, groupId }: EventIdentity): string | undefined {
  if (userId !== undefined) return encodeKey(connectorId, 'user', userId);
  if (anonymousId !== undefined) return encodeKey(connectorId, 'anonymous', anonymousId);
  return groupId === undefined ? undefined : encodeKey(connectorId, 'account', groupId);
}

export function encodeKey(connectorId: string, kind: IdentityKind, id: string): string {
  // JSON.stringify of the array, spelled out: stringifying the parts is twice as fast, and this runs for every event.
  return `[${JSON.stringify(connectorId)},"${kind}",${JSON.stringify(id)}]`;
}
