/** The free email providers in the package `email-providers`, loaded once, with the module. */
import { parseEmailDomain } from '@astrolabe/service-kit/connectors';
import entries from 'email-providers/all.json' with { type: 'json' };
import manifest from 'email-providers/package.json' with { type: 'json' };

export interface FreeEmailList {
  /** Version of the package. The mapper logs it at start, because two versions may decide differently. */
  readonly version: string;
  /** Lower case and punycode. */
  readonly domains: ReadonlySet<string>;
}

/**
 * Reserved names, which never belong to a provider, whatever the list says: https://www.rfc-editor.org/rfc/rfc2606,
 * rfc6761.
 */
const RESERVED = /(?:^|\.)(?:example\.(?:com|net|org)|test|invalid|localhost|example)$/;

/**
 * Entries of the list under which others register domains of their own, by the Public Suffix List
 * (https://publicsuffix.org). A domain includes its subdomains, so such an entry would block every company of a
 * country.
 */
const PUBLIC_SUFFIXES: ReadonlySet<string> = new Set([
  'ch.tc',
  'cloudns.asia',
  'com.ar',
  'ddnsfree.com',
  'dynu.net',
  'gleeze.com',
  'kozow.com',
  'msk.ru',
  'net.ua',
  'nom.za',
  'org.ua',
  'pp.ua',
  'spb.ru',
  'web.id',
  'za.com',
  'zp.ua',
]);

export const freeEmailList: FreeEmailList = {
  version: `${manifest.name} ${manifest.version}`,
  domains: new Set(entries.flatMap(toEntry)),
};

/** Skips entries that are not domains: the list contains a whole address. */
function toEntry(text: string): string[] {
  const domain = parseEmailDomain(text);
  return domain === undefined || RESERVED.test(domain) || PUBLIC_SUFFIXES.has(domain) ? [] : [domain];
}
