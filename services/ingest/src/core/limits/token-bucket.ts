/**
 * Limits what a connector may use (events, bytes or work), and shares it among its keys. The tokens of the rate are for
 * all of its keys, plus those saved up, up to the burst.
 *
 * Each key has its own bucket, which receives its share of the rate and has room for its share of half of the burst.
 * Tokens that do not fit go into a shared bucket with room for the other half. So a key alone has the whole rate, and
 * however much others send, a key that returns after a pause has a full bucket and its share of the rate. (Hierarchical
 * token buckets lend unused rate in the same way: Linux, `tc-htb`.)
 *
 * Tokens are counted in thousandths, of which a millisecond adds `perSecond`. With one key all numbers are whole, so
 * nothing is lost to rounding.
 */

export interface Rate {
  /** In the long run. More than 0. */
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

/** Names of the keys and what part of the whole each has; together 1. At least one. */
export type Shares = ReadonlyMap<string, number>;

export type Taking =
  | { readonly kind: 'taken' }
  | {
      readonly kind: 'refused';
      /** After this time the same request is accepted, if nothing else takes from the buckets. At least 1. */
      readonly waitMs: number;
    };

const MILLI = 1_000;
/** Shares such as a third are not exact. In thousandths of a token. */
const ROUNDING = 1e-3;
/** Of the burst, where there are several keys. */
const RESERVED = 0.5;

/** A key's own bucket. */
interface OwnBucket {
  /** Of the whole rate and burst. */
  readonly share: number;
  /**
   * Thousandths of a token. Below zero after a request larger than the bucket, or a charge, until the rate has made up
   * for it.
   */
  milliTokens: number;
}

export class SharedBucket {
  #rate: Rate;
  readonly #own = new Map<string, OwnBucket>();
  #shared = Infinity;
  #atMs: number;

  /** All buckets are full. */
  constructor(rate: Rate, shares: Shares, nowMs: number) {
    this.#rate = rate;
    this.#atMs = nowMs;
    this.adjust(rate, shares, nowMs);
  }

  /**
   * Changes the limit or the keys. A lower limit takes effect at once, a higher one fills at its own rate; new keys
   * start full.
   */
  adjust(rate: Rate, shares: Shares, nowMs: number): void {
    this.#advance(nowMs);
    this.#rate = rate;
    for (const name of this.#own.keys()) if (!shares.has(name)) this.#own.delete(name);
    for (const [name, share] of shares) {
      this.#own.set(name, { share, milliTokens: this.#own.get(name)?.milliTokens ?? Infinity });
    }
    for (const own of this.#own.values()) own.milliTokens = Math.min(this.#roomOf(own), own.milliTokens);
    this.#shared = Math.min(this.#shared, this.#sharedRoom());
  }

  /**
   * Takes all or nothing. A key whose own bucket is full gets what it asks for even if that is more, and owes the rest;
   * otherwise a large request could never succeed while others send. A clock that is set back neither adds tokens nor
   * delays them.
   */
  take(name: string, tokens: number, nowMs: number): Taking {
    this.#advance(nowMs);
    const needed = tokens * MILLI;
    const own = this.#ownOf(name);
    if (own.milliTokens + this.#shared >= needed - ROUNDING || this.#isOwnFull(own)) {
      this.#spend(own, needed);
      return { kind: 'taken' };
    }
    return { kind: 'refused', waitMs: this.#waitFor(own, needed) };
  }

  /** Takes what was already used; what the buckets lack is owed. */
  charge(name: string, tokens: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#spend(this.#ownOf(name), tokens * MILLI);
  }

  /** Time until the key owes nothing, in milliseconds; 0 if it owes nothing. */
  debtMs(name: string, nowMs: number): number {
    this.#advance(nowMs);
    const own = this.#ownOf(name);
    if (own.milliTokens + this.#shared >= -ROUNDING) return 0;
    return Math.max(1, Math.ceil(-own.milliTokens / this.#inflow(own)));
  }

  /** Whether a new bucket would be equal to this one. */
  isFull(nowMs: number): boolean {
    this.#advance(nowMs);
    return (
      [...this.#own.values()].every((own) => this.#isOwnFull(own)) && this.#shared >= this.#sharedRoom() - ROUNDING
    );
  }

  #advance(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (elapsedMs === 0) return;
    for (const own of this.#own.values()) {
      const filled = own.milliTokens + elapsedMs * this.#inflow(own);
      const room = this.#roomOf(own);
      own.milliTokens = Math.min(room, filled);
      if (filled > room) this.#shared += filled - room;
    }
    this.#shared = Math.min(this.#shared, this.#sharedRoom());
  }

  /** Uses the key's own tokens first, so that others can use the shared ones. */
  #spend(own: OwnBucket, needed: number): void {
    const fromOwn = Math.min(needed, Math.max(0, own.milliTokens));
    const fromShared = Math.min(needed - fromOwn, this.#shared);
    this.#shared -= fromShared;
    own.milliTokens -= needed - fromShared;
  }

  #waitFor(own: OwnBucket, needed: number): number {
    const inflow = this.#inflow(own);
    const untilFullMs = (this.#roomOf(own) - own.milliTokens) / inflow;
    let untilEnoughMs = Infinity;
    if (needed <= this.#roomOf(own) + this.#sharedRoom()) {
      const overflow = this.#overflowBeside(own);
      untilEnoughMs = (needed - own.milliTokens - this.#shared) / (inflow + overflow);
      if (this.#shared + overflow * untilEnoughMs > this.#sharedRoom()) {
        untilEnoughMs = (needed - own.milliTokens - this.#sharedRoom()) / inflow;
      }
    }
    return Math.max(1, Math.ceil(Math.min(untilFullMs, untilEnoughMs) - ROUNDING));
  }

  /** What the other keys add to the shared bucket as long as they do not send. */
  #overflowBeside(own: OwnBucket): number {
    let overflow = 0;
    for (const other of this.#own.values()) {
      if (other !== own && this.#isOwnFull(other)) overflow += this.#inflow(other);
    }
    return overflow;
  }

  #ownOf(name: string): OwnBucket {
    const own = this.#own.get(name);
    if (own === undefined) throw new RangeError('the bucket was not made for this key');
    return own;
  }

  #isOwnFull(own: OwnBucket): boolean {
    return own.milliTokens >= this.#roomOf(own) - ROUNDING;
  }

  /** Thousandths of a token in a millisecond. */
  #inflow({ share }: OwnBucket): number {
    return this.#rate.perSecond * share;
  }

  #roomOf({ share }: OwnBucket): number {
    return this.#rate.burst * MILLI * share * (this.#own.size === 1 ? 1 : RESERVED);
  }

  #sharedRoom(): number {
    return this.#own.size === 1 ? 0 : this.#rate.burst * MILLI * (1 - RESERVED);
  }
}

/** Segment's SDKs never wait longer. */
const MAX_RETRY_AFTER_SECONDS = 300;

/** The value of `Retry-After`: whole seconds, at least 1. */
export function toRetryAfterSeconds(waitMs: number): number {
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(waitMs / 1_000)));
}
