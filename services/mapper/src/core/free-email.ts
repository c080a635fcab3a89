/** Which email addresses a connector blocks: those at free email providers, plus its own domains. Pure and total. */
import { parseEmailDomain, type Connector } from '@astrolabe/service-kit/connectors';

/** A connector's settings for email addresses. */
export interface FreeEmailRules {
  /** `allow` if no address is blocked, so that no address needs a check. */
  readonly freeEmailProviders: 'allow' | 'block';
  /**
   * Whether addresses at this domain are blocked. Takes the result of `emailDomainOf`. Called for every event with an
   * address.
   */
  isFree(domain: string): boolean;
}

/** The local part: quoted, or without the characters that separate addresses in a list. */
const LOCAL_PART = /^(?:".*"|[^\s",;:<>()]+)$/s;

/**
 * The domain of an email address, lower case and punycode: `Ann@Mail.GMAIL.com.` → `mail.gmail.com`. Accepts `Ann
 * <ann@gmail.com>` and quoted local parts as well. Undefined for anything that is not an address, and for an address
 * whose domain has fewer than two labels.
 */
export function emailDomainOf(text: string): string | undefined {
  // Most ids hold no address, and this runs for every id.
  if (!text.includes('@')) return undefined;
  const address = bareAddress(text.trim());
  const at = address.lastIndexOf('@');
  return LOCAL_PART.test(address.slice(0, Math.max(at, 0))) ? parseEmailDomain(address.slice(at + 1)) : undefined;
}

/** `Ann <ann@gmail.com>` → `ann@gmail.com` */
function bareAddress(text: string): string {
  const start = text.endsWith('>') ? text.lastIndexOf('<') : -1;
  return start === -1 ? text : text.slice(start + 1, -1).trim();
}

/**
 * A domain includes its subdomains, and the longest matching entry decides: if `acme.com` is denied and `eu.acme.com`
 * allowed, `mail.eu.acme.com` passes. The connector's own lists apply whether or not it blocks free providers.
 */
export function createFreeEmailRules(
  {
    freeEmailProviders,
    allowedEmailDomains = [],
    deniedEmailDomains = [],
  }: Pick<Connector, 'freeEmailProviders' | 'allowedEmailDomains' | 'deniedEmailDomains'>,
  freeDomains: ReadonlySet<string>,
): FreeEmailRules {
  const allowed = new Set(allowedEmailDomains);
  const denied = new Set(deniedEmailDomains);
  const listed = freeEmailProviders === 'block' ? freeDomains : NONE;
  return {
    freeEmailProviders: listed.size + denied.size > 0 ? 'block' : 'allow',
    isFree(domain) {
      for (let rest = domain; ; rest = rest.slice(rest.indexOf('.') + 1)) {
        if (denied.has(rest)) return true;
        if (allowed.has(rest)) return false;
        if (listed.has(rest)) return true;
        if (!rest.includes('.')) return false;
      }
    },
  };
}

const NONE: ReadonlySet<string> = new Set();
