/** A bearer token for as long as it is good: asked for once, shared by all connections, replaced before it expires. */
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';

export interface BearerToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** Asks for a new token. Rejects with `kafka.token-unavailable` (retryable). */
export type FetchToken = () => Promise<BearerToken>;

/** kafkajs logs in again when half of a session is left, or ten seconds: by then the token must be a new one. */
const LONGEST_MARGIN_MS = 15_000;
const MARGIN_PART = 0.6;
/** After a refusal, so that an endpoint that is away is not asked for each request of each connection. */
const REFUSED_PAUSE_MS = 1_000;

export class TokenSource {
  readonly #fetchToken: FetchToken;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #logger: Logger;
  #token: BearerToken | undefined;
  #renewAtMs = 0;
  #underWay: Promise<BearerToken> | undefined;

  constructor(fetchToken: FetchToken, clock: Pick<Clock, 'nowMs'>, logger: Logger) {
    this.#fetchToken = fetchToken;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** As long as the last one is good, an endpoint that gives no other is a warning only. */
  async token(): Promise<BearerToken> {
    const held = this.#token;
    if (held !== undefined && this.#clock.nowMs() < this.#renewAtMs) return held;
    try {
      return await (this.#underWay ??= this.#renew());
    } catch (error) {
      const nowMs = this.#clock.nowMs();
      if (held === undefined || held.expiresAtMs <= nowMs) throw error;
      this.#renewAtMs = nowMs + REFUSED_PAUSE_MS;
      this.#logger.warn(
        { reason: errorMessage(error), expiresInMs: held.expiresAtMs - nowMs },
        'the token for the brokers could not be renewed; the last one is used until it expires',
      );
      return held;
    }
  }

  async #renew(): Promise<BearerToken> {
    try {
      const token = await this.#fetchToken();
      this.#token = token;
      this.#renewAtMs = renewalTimeMs(token, this.#clock.nowMs());
      return token;
    } finally {
      this.#underWay = undefined;
    }
  }
}

/** When a token that is new at `nowMs` is to be replaced. */
export function renewalTimeMs({ expiresAtMs }: BearerToken, nowMs: number): number {
  return expiresAtMs - Math.min(LONGEST_MARGIN_MS, (expiresAtMs - nowMs) * MARGIN_PART);
}

/** The subject of a JWT, by which brokers name the user unless they are told otherwise. Undefined where it has none. */
export function subjectOf(token: string): string | undefined {
  const { sub } = claimsOf(token);
  return typeof sub === 'string' ? sub : undefined;
}

export function expiryOf(token: string): number | undefined {
  const { exp } = claimsOf(token);
  return typeof exp === 'number' ? exp * 1_000 : undefined;
}

/** Not verified: that is the brokers' part. Empty where the token is not a JWT. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
