/**
 * The claims of one partition as far as its log was read, and what follows from them. No I/O.
 *
 * An owner may write once everybody who claimed before it has released or is fenced. Of two who claim at once, the
 * later one in the log therefore fences the other, whichever of them was faster.
 */
import {
  isFromBeforeClaims,
  positionKey,
  readClaim,
  type ConsumedRecord,
  type PartitionClaim,
} from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';

export interface SeenClaim extends PartitionClaim {
  readonly offset: bigint;
}

export class PartitionClaims {
  readonly #groupId: string;
  readonly #positionKey: Buffer;
  readonly #claims = new Map<string, SeenClaim>();
  #lastPosition: Buffer | undefined;

  constructor(groupId: string) {
    this.#groupId = groupId;
    this.#positionKey = Buffer.from(positionKey(groupId));
  }

  /** Records that count, in order. */
  addCommitted(records: readonly ConsumedRecord[]): void {
    for (const record of records) {
      // A copy: the bytes are a view of a whole fetch.
      if (record.key?.equals(this.#positionKey) === true)
        this.#lastPosition = record.value === null ? undefined : Buffer.from(record.value);
      const change = readClaim(this.#groupId, record);
      if (change?.kind === 'claim') this.#add(change.claim, record.offset);
      else if (change?.kind === 'release') this.#release(change.owner, record.offset);
    }
  }

  /**
   * Records of transactions that may still be open or aborted. A claim among them counts: its owner may have a
   * transaction open behind it. A release does not.
   */
  addUndecided(records: readonly ConsumedRecord[]): void {
    for (const record of records) {
      const change = readClaim(this.#groupId, record);
      if (change?.kind === 'claim') this.#add(change.claim, record.offset);
    }
  }

  /**
   * Whether the position was stored by a version that fenced by ids of the partition's own, or may be about to be: none
   * was stored yet.
   */
  get isFromBeforeClaims(): boolean {
    return this.#lastPosition === undefined || isFromBeforeClaims(this.#lastPosition);
  }

  has(owner: string): boolean {
    return this.#claims.has(owner);
  }

  /** Claims of others, released ones left out. */
  besides(owner: string): readonly SeenClaim[] {
    return [...this.#claims.values()].filter((claim) => claim.owner !== owner);
  }

  /** Those that must be fenced before `owner` may write. Its claim must have been read. */
  before(owner: string): readonly SeenClaim[] {
    const { offset } = this.#own(owner);
    return this.besides(owner).filter((claim) => claim.offset < offset);
  }

  /** The one that claims later fences `owner`, which need not begin. Its claim must have been read. */
  isFollowed(owner: string): boolean {
    const { offset } = this.#own(owner);
    return this.besides(owner).some((claim) => claim.offset > offset);
  }

  /**
   * Whether somebody else claimed the partition after `owner` did, which lost it without releasing it. A successor that
   * has begun to write has removed the claims before its own.
   */
  wasTakenFrom(owner: string): boolean {
    const offset = this.#claims.get(owner)?.offset ?? -1n;
    return this.besides(owner).some((claim) => claim.offset > offset);
  }

  #own(owner: string): SeenClaim {
    return present(this.#claims.get(owner), `the claim of ${owner}`);
  }

  /** The last claim of an owner counts, though one before it is read again once it is committed. */
  #add(claim: PartitionClaim, offset: bigint): void {
    if (offset > (this.#claims.get(claim.owner)?.offset ?? -1n)) this.#claims.set(claim.owner, { ...claim, offset });
  }

  #release(owner: string, offset: bigint): void {
    if (offset > (this.#claims.get(owner)?.offset ?? offset)) this.#claims.delete(owner);
  }
}
