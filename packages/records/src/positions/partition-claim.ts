/**
 * Who may write to an input partition's part of the changelog topic. An owner says so in a claim before its first
 * batch, and takes the claim back in a release behind its last one. Both are records of that part, with a key for each
 * owner: compaction keeps every claim that was not released.
 *
 * The keys begin as those of positions do, so that a version without claims passes over them.
 */
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';
import { positionKey } from './state-position.ts';

export interface PartitionClaim {
  /** One process, from when it takes its transactional ids over until it has to do so again. Never used twice. */
  readonly owner: string;
  /** Whoever takes these over ends all that the owner may write. */
  readonly transactionalIds: readonly string[];
}

export type ClaimChange =
  { readonly kind: 'claim'; readonly claim: PartitionClaim } | { readonly kind: 'release'; readonly owner: string };

export function claimRecord(groupId: string, claim: PartitionClaim, partition: number): OutgoingRecord {
  const value = Buffer.from(JSON.stringify({ transactionalIds: claim.transactionalIds }));
  return { key: claimKey(groupId, claim.owner), value, headers: {}, partition };
}

export function releaseRecord(groupId: string, owner: string, partition: number): OutgoingRecord {
  return { key: claimKey(groupId, owner), value: null, headers: {}, partition };
}

/** Undefined for every other record. Throws on what `claimRecord` did not make under a key of its own. */
export function readClaim(groupId: string, { key, value }: ConsumedRecord): ClaimChange | undefined {
  // Nearly all records are a user's, whose key does not begin with an empty text: only these few are decoded.
  if (key?.[2] !== QUOTE) return undefined;
  const text = key.toString();
  const start = claimKeys(groupId);
  if (!text.startsWith(start)) return undefined;
  const owner = JSON.parse(text.slice(start.length, -1)) as unknown;
  if (typeof owner !== 'string') throw new Error('a claim without an owner');
  if (value === null) return { kind: 'release', owner };
  const { transactionalIds } = JSON.parse(value.toString()) as { transactionalIds?: unknown };
  if (!Array.isArray(transactionalIds) || !transactionalIds.every((id): id is string => typeof id === 'string'))
    throw new Error('a claim without transactionalIds');
  return { kind: 'claim', claim: { owner, transactionalIds } };
}

const QUOTE = 0x22;

function claimKey(groupId: string, owner: string): Buffer {
  return Buffer.from(`${claimKeys(groupId)}${JSON.stringify(owner)}]`);
}

function claimKeys(groupId: string): string {
  return `${positionKey(groupId).slice(0, -1)},"claim",`;
}
