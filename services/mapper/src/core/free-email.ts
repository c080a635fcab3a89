/** Which email addresses a connector turns away: those at free email providers, and its own domains on top. Pure and total. */
import { parseEmailDomain, type Connector } from '@astrolabe/service-kit/connectors';

/** What a connector says about email addresses. */
export interface FreeEmailRules {
  /** `allow` where no address is turned away, so that nobody has to look. */
  readonly freeEmailProviders: 'allow' | 'block';
  /** Whether addresses at this domain are turned away. Takes what `emailDomainOf` gives. Called for every event that has an address. */
  isFree(domain: string): boolean;
}

/** The local part: quoted, or without what separates addresses in a list. */
const LOCAL_PART = /^(?:".*"|[^\s",;:<>()]+)$/s;

/**
 * The domain of an email address, lower case and punycode: `Ann@Mail.GMAIL.com.` → `mail.gmail.com`. Takes `Ann <ann@gmail.com>` and
 * quoted local parts as well. Undefined for what is no address, and for one without a domain name of two labels or more.
 */
export function emailDomainOf(text: string): string | undefined {
  // Most ids hold none, and this is asked about every one.
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
 * A domain stands for its subdomains too, and the entry that names most of a domain decides: where `acme.com` is denied and
 * `eu.acme.com` allowed, `mail.eu.acme.com` passes. A domain that the connector allows or denies is so whether it blocks free
 * providers or not.
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
