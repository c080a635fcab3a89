import { domainToASCII } from 'node:url';

/**
 * A DNS name: at least two labels of 1 to 63 letters, digits and inner hyphens. The last is not a number, which would
 * make it an address.
 */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/**
 * ASCII characters that a domain cannot contain. Some of them, such as the percent sign, have a meaning for the URL
 * parser that must not apply here.
 */
const FOREIGN = /[\0-,/:-@[-`{-\x7f]/;
const MAX_LENGTH = 253;

/**
 * A domain of email addresses in normal form, lower case and punycode, without a final dot: `Müll.Email.` →
 * `xn--mll-hoa.email`. Undefined for anything except a domain of two labels or more. Total.
 */
export function parseEmailDomain(text: string): string | undefined {
  // One more for the final dot.
  if (text.length > MAX_LENGTH + 1) return undefined;
  const lower = text.toLowerCase();
  return checked(lower) ?? (FOREIGN.test(lower) ? undefined : checked(domainToASCII(lower)));
}

function checked(text: string): string | undefined {
  const domain = text.endsWith('.') ? text.slice(0, -1) : text;
  return DOMAIN.test(domain) && domain.length <= MAX_LENGTH ? domain : undefined;
}
