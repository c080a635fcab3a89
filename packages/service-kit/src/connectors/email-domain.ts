import { domainToASCII } from 'node:url';

/** As DNS has it: labels of 1 to 63 letters, digits and inner hyphens, at least two, and no number last, which would be an address. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** ASCII that no domain has. Some of it has a meaning to the URL parser (a percent sign, for one) that it must not get here. */
const FOREIGN = /[\0-,/:-@[-`{-\x7f]/;
const MAX_LENGTH = 253;

/**
 * A domain of email addresses in its one form, lower case and punycode, without a dot at the end: `Müll.Email.` →
 * `xn--mll-hoa.email`. Undefined for what is no domain of two labels or more. Total.
 */
export function parseEmailDomain(text: string): string | undefined {
  // One more for the dot at the end.
  if (text.length > MAX_LENGTH + 1) return undefined;
  const lower = text.toLowerCase();
  return checked(lower) ?? (FOREIGN.test(lower) ? undefined : checked(domainToASCII(lower)));
}

function checked(text: string): string | undefined {
  const domain = text.endsWith('.') ? text.slice(0, -1) : text;
  return DOMAIN.test(domain) && domain.length <= MAX_LENGTH ? domain : undefined;
}
