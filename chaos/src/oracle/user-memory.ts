/**
 * What Astrolabe's rules need to know of one connector's users between events: who was deleted for privacy, and where
 * each one's email is.
 */

/** All that was decided of one user, in the order of the event topic. */
interface History {
  /** `type:messageId` of each deletion and lift. */
  readonly decided: Set<string>;
  isSuppressed: boolean;
  /** As of when the last deletion deletes, and when it was lifted. */
  deletedAtMs: number;
  liftedAtMs: number;
}

/** What is known of a user at a moment, as far as it decides about what is told again. */
export interface UserStatus {
  /** Undefined for one who was never deleted. */
  readonly deletedAtMs: number | undefined;
  /** Undefined while the user is suppressed, and for one who was never. */
  readonly liftedAtMs: number | undefined;
  readonly domain: string | undefined;
  /** When the domain was said. */
  readonly domainAtMs: number;
  /** Deletions and lifts so far. */
  readonly decisions: number;
}

/** What the meaning of an event depends on, beside itself. */
export type Remembering = Pick<UserMemory, 'delete' | 'lift' | 'behindLiftMs' | 'turnAway'>;

/** Ingest's clocks, by which the partition has gone so far. */
export interface PartitionClock {
  ms: number;
}

const DAY_MS = 86_400_000;
/** An address that is said again counts as said then, if it is so much later. */
const AGAIN_AFTER_MS = 3_600_000;

export class UserMemory {
  readonly blocksFreeEmail: boolean;
  readonly #histories = new Map<string, History>();
  readonly #domains = new Map<string, { readonly domain: string; readonly atMs: number }>();

  constructor(blocksFreeEmail: boolean) {
    this.blocksFreeEmail = blocksFreeEmail;
  }

  /**
   * Each messageId counts once. Returns as of when the deletion deletes: it comes behind everything that was received
   * before it.
   */
  delete(userId: string, messageId: string, receivedAtMs: number, clock: PartitionClock): number {
    const history = this.#historyOf(userId);
    const name = `delete:${messageId}`;
    if (history.decided.has(name)) return Math.min(receivedAtMs, history.deletedAtMs);
    history.decided.add(name);
    history.isSuppressed = true;
    history.deletedAtMs = Math.max(notBefore(clock.ms, receivedAtMs), history.deletedAtMs, history.liftedAtMs);
    this.#domains.delete(userId);
    return history.deletedAtMs;
  }

  /** Whether there was anything to lift. */
  lift(userId: string, messageId: string, receivedAtMs: number, clock: PartitionClock): boolean {
    const history = this.#historyOf(userId);
    const name = `unsuppress:${messageId}`;
    const isLifted = history.isSuppressed && !history.decided.has(name);
    history.decided.add(name);
    if (!isLifted) return false;
    history.isSuppressed = false;
    history.liftedAtMs = Math.max(notBefore(clock.ms + 1, receivedAtMs), history.deletedAtMs + 1);
    return true;
  }

  /** By how much the clock of the ingest that received the event is behind the lift that came before it. */
  behindLiftMs(userId: string | undefined, receivedAtMs: number): number {
    const history = userId === undefined ? undefined : this.#histories.get(userId);
    return history === undefined || history.isSuppressed ? 0 : Math.max(0, history.liftedAtMs - receivedAtMs);
  }

  /** As it is now. */
  statusOf(userId: string): UserStatus {
    const history = this.#histories.get(userId);
    const known = this.#domains.get(userId);
    const isDeleted = history !== undefined && history.deletedAtMs > 0;
    return {
      deletedAtMs: isDeleted ? history.deletedAtMs : undefined,
      liftedAtMs: isDeleted && !history.isSuppressed ? history.liftedAtMs : undefined,
      domain: known?.domain,
      domainAtMs: known?.atMs ?? 0,
      decisions: history?.decided.size ?? 0,
    };
  }

  #historyOf(userId: string): History {
    const known = this.#histories.get(userId);
    if (known !== undefined) return known;
    const history: History = { decided: new Set(), isSuppressed: false, deletedAtMs: 0, liftedAtMs: 0 };
    this.#histories.set(userId, history);
    return history;
  }

  /**
   * Why nothing of the event's user may reach Astrolabe. Learns the address that the event says, unless it is
   * unmappable.
   */
  turnAway(
    userId: string | undefined,
    address: string | undefined,
    saidAtMs: number,
    isUnmappable: boolean,
  ): string | undefined {
    if (userId !== undefined && this.#histories.get(userId)?.isSuppressed === true) return 'user-suppressed';
    if (!this.blocksFreeEmail) return undefined;
    const said = address === undefined ? undefined : domainOf(address);
    const domain = userId === undefined ? said : this.#domainOf(userId, said, saidAtMs, isUnmappable);
    return domain !== undefined && isFree(domain) ? 'free-email-provider' : undefined;
  }

  #domainOf(userId: string, said: string | undefined, atMs: number, isUnmappable: boolean): string | undefined {
    const known = this.#domains.get(userId);
    const own = domainOf(userId);
    if (said === undefined) return known?.domain ?? own;
    const isNews =
      known === undefined ? said !== own : atMs >= known.atMs + (said === known.domain ? AGAIN_AFTER_MS : 1);
    if (!isNews) return known?.domain ?? own;
    // What is skipped has been understood; what goes to the dead letters has not.
    if (!isUnmappable || isFree(said)) this.#domains.set(userId, { domain: said, atMs });
    return said;
  }
}

function notBefore(clockMs: number, receivedAtMs: number): number {
  return Math.max(receivedAtMs, Math.min(clockMs, receivedAtMs + DAY_MS));
}

/**
 * What is told again, of an event that was handled before: it changes nothing that is known, and is judged by what is
 * known now.
 */
export class RepeatedMemory implements Remembering {
  readonly #status: UserStatus;
  readonly #blocksFreeEmail: boolean;
  readonly #receivedAtMs: number;

  constructor(status: UserStatus, blocksFreeEmail: boolean, receivedAtMs: number) {
    this.#status = status;
    this.#blocksFreeEmail = blocksFreeEmail;
    this.#receivedAtMs = receivedAtMs;
  }

  /** It deletes nothing that came after it. */
  delete(): number {
    return Math.min(this.#receivedAtMs, this.#status.deletedAtMs ?? this.#receivedAtMs);
  }

  lift(): boolean {
    return false;
  }

  behindLiftMs(): number {
    return 0;
  }

  turnAway(userId: string | undefined, address: string | undefined, saidAtMs: number): string | undefined {
    const { deletedAtMs, liftedAtMs, domain, domainAtMs } = this.#status;
    // What was received before the lift stays away.
    const isSuppressed = deletedAtMs !== undefined && (liftedAtMs === undefined || this.#receivedAtMs < liftedAtMs);
    if (userId !== undefined && isSuppressed) return 'user-suppressed';
    if (!this.#blocksFreeEmail) return undefined;
    const said = address === undefined ? undefined : domainOf(address);
    // Of an event that was not understood before, the address may be news.
    const isNews = said !== undefined && (domain === undefined || saidAtMs > domainAtMs);
    const own = userId === undefined ? undefined : domainOf(userId);
    const judged = userId === undefined ? said : isNews ? said : (domain ?? own);
    return judged !== undefined && isFree(judged) ? 'free-email-provider' : undefined;
  }
}

function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at > 0 && address.includes('.', at)
    ? address
        .slice(at + 1)
        .trim()
        .toLowerCase()
    : undefined;
}

/** The one provider of the traffic's addresses that is on every list of free ones. */
function isFree(domain: string): boolean {
  return domain === 'gmail.com' || domain.endsWith('.gmail.com');
}
