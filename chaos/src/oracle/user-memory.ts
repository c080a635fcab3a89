/** What Astrolabe's rules need to know of one connector's users between events: who was deleted for privacy, and where each one's email is. */

interface Suppression {
  readonly atMs: number;
  readonly liftedAtMs?: number;
}

export class UserMemory {
  readonly #blocksFreeEmail: boolean;
  readonly #suppressions = new Map<string, Suppression>();
  readonly #domains = new Map<string, { readonly domain: string; readonly atMs: number }>();

  constructor(blocksFreeEmail: boolean) {
    this.#blocksFreeEmail = blocksFreeEmail;
  }

  /** By the times of receipt: an older deletion undoes no newer lift, and the other way round. */
  delete(userId: string, receivedAtMs: number): void {
    const known = this.#suppressions.get(userId);
    if (known !== undefined) {
      const isOld = known.liftedAtMs === undefined ? receivedAtMs <= known.atMs : receivedAtMs < known.liftedAtMs;
      if (isOld) return;
    }
    this.#suppressions.set(userId, { atMs: receivedAtMs });
    this.#domains.delete(userId);
  }

  /** Whether there was anything to lift. */
  lift(userId: string, receivedAtMs: number): boolean {
    const known = this.#suppressions.get(userId);
    if (known === undefined || receivedAtMs < known.atMs) return false;
    if (known.liftedAtMs !== undefined && known.liftedAtMs <= receivedAtMs) return false;
    this.#suppressions.set(userId, { atMs: known.atMs, liftedAtMs: receivedAtMs });
    return true;
  }

  /** Why nothing of the event's user may reach Astrolabe. Learns the address that the event says, unless it is unmappable. */
  turnAway(
    userId: string | undefined,
    address: string | undefined,
    receivedAtMs: number,
    occurredAtMs: number,
    isUnmappable: boolean,
  ): string | undefined {
    const suppression = userId === undefined ? undefined : this.#suppressions.get(userId);
    if (suppression !== undefined && (suppression.liftedAtMs === undefined || receivedAtMs < suppression.liftedAtMs)) {
      return 'user-suppressed';
    }
    if (!this.#blocksFreeEmail) return undefined;
    const said = address === undefined ? undefined : domainOf(address);
    const domain = userId === undefined ? said : this.#domainOf(userId, said, occurredAtMs, isUnmappable);
    return domain !== undefined && isFree(domain) ? 'free-email-provider' : undefined;
  }

  #domainOf(userId: string, said: string | undefined, atMs: number, isUnmappable: boolean): string | undefined {
    const known = this.#domains.get(userId);
    const own = domainOf(userId);
    if (said === undefined) return known?.domain ?? own;
    const isNews = known === undefined ? said !== own : said !== known.domain && atMs >= known.atMs;
    if (!isNews) return known?.domain ?? own;
    // What is skipped has been understood; what goes to the dead letters has not.
    if (!isUnmappable || isFree(said)) this.#domains.set(userId, { domain: said, atMs });
    return said;
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
