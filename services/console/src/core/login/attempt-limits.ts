/**
 * How often somebody may try to log in: token buckets by client address and by name. An attempt takes its token before
 * the password is looked at, so that attempts at one time count too, and gets it back if it was right.
 */

export interface BucketRule {
  readonly burst: number;
  /** One more attempt after each. */
  readonly refillMs: number;
}

export interface AttemptRules {
  readonly byAddress: BucketRule;
  readonly byName: BucketRule;
  /** Addresses and names remembered, each. */
  readonly maxKeys: number;
}

/**
 * A person mistypes a few times; a program guesses all day: 2,880 a day from one address, 1,440 a day at one name from
 * all addresses together.
 */
export const attemptRules: AttemptRules = {
  byAddress: { burst: 10, refillMs: 30_000 },
  byName: { burst: 20, refillMs: 60_000 },
  maxKeys: 10_000,
};

export type AttemptJudgement =
  { readonly kind: 'allowed' } | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

interface Bucket {
  tokens: number;
  atMs: number;
}

export class AttemptLimits {
  readonly #rules: AttemptRules;
  readonly #addresses = new Map<string, Bucket>();
  readonly #names = new Map<string, Bucket>();

  constructor(rules: AttemptRules) {
    this.#rules = rules;
  }

  /** Takes a token of both, or of neither. */
  take(address: string, name: string, nowMs: number): AttemptJudgement {
    const ofAddress = this.#bucket(this.#addresses, address, this.#rules.byAddress, nowMs);
    const ofName = this.#bucket(this.#names, name, this.#rules.byName, nowMs);
    const waitMs = Math.max(
      waitFor(ofAddress, this.#rules.byAddress, nowMs),
      waitFor(ofName, this.#rules.byName, nowMs),
    );
    if (waitMs > 0) return { kind: 'limited', retryAfterSeconds: Math.ceil(waitMs / 1_000) };
    ofAddress.tokens -= 1;
    ofName.tokens -= 1;
    return { kind: 'allowed' };
  }

  /** After the right password. */
  giveBack(address: string, name: string): void {
    const ofAddress = this.#addresses.get(address);
    const ofName = this.#names.get(name);
    if (ofAddress !== undefined) ofAddress.tokens = Math.min(ofAddress.tokens + 1, this.#rules.byAddress.burst);
    if (ofName !== undefined) ofName.tokens = Math.min(ofName.tokens + 1, this.#rules.byName.burst);
  }

  #bucket(buckets: Map<string, Bucket>, key: string, { burst, refillMs }: BucketRule, nowMs: number): Bucket {
    const known = buckets.get(key);
    const bucket = known ?? { tokens: burst, atMs: nowMs };
    const refilled = Math.floor((nowMs - bucket.atMs) / refillMs);
    bucket.tokens = Math.min(burst, bucket.tokens + refilled);
    bucket.atMs += refilled * refillMs;
    // Whatever was used longest ago goes first: it is the most refilled.
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > this.#rules.maxKeys) {
      const [oldest] = buckets.keys();
      if (oldest !== undefined) buckets.delete(oldest);
    }
    return bucket;
  }
}

/** 0 if there is a token. */
function waitFor({ tokens, atMs }: Bucket, { refillMs }: BucketRule, nowMs: number): number {
  return tokens >= 1 ? 0 : atMs + refillMs - nowMs;
}
