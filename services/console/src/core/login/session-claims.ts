/** What of somebody's claims goes into the session cookie: browsers keep 4 KB. Pure. */
import { claimAt, roleOf, type Claims, type RoleRule } from '../access/role-mapping.ts';

export interface FittedClaims {
  readonly claims: Claims;
  /** Names of those that were left out or shortened, the first of them. */
  readonly left: readonly string[];
}

/** Names that are told, at most, in bytes of JSON: there can be any number of claims. */
const MAX_LEFT_BYTES = 300;

/**
 * As they are if they fit. Otherwise first what `CONSOLE_ROLES` looks at, of lists only the values that it names, and
 * then others as long as they fit: the role is the same.
 */
export function fitClaims(claims: Claims, rules: readonly RoleRule[], maxBytes: number): FittedClaims {
  if (bytesOf(claims) <= maxBytes) return { claims, left: [] };
  const fitted = claimsOfRules(claims, rules, maxBytes);
  const left: string[] = [];
  for (const [name, value] of Object.entries(claims)) {
    if (JSON.stringify(fitted[name]) === JSON.stringify(value)) continue;
    if (!Object.hasOwn(fitted, name) && bytesOf({ ...fitted, [name]: value }) <= maxBytes) fitted[name] = value;
    else if (bytesOf([...left, name]) <= MAX_LEFT_BYTES) left.push(name);
  }
  return { claims: fitted, left };
}

/** What the rules can match. Where even that is too much, what the rule that gives the role matches. */
function claimsOfRules(claims: Claims, rules: readonly RoleRule[], maxBytes: number): Record<string, unknown> {
  const named = new Map<string, Set<string>>();
  for (const { match } of rules) {
    if (match !== undefined) named.set(match.claim, (named.get(match.claim) ?? new Set()).add(match.value));
  }
  const unchecked = claims['email_verified'] === false ? { email_verified: false } : {};
  const found: Record<string, unknown> = { ...unchecked };
  for (const [claim, values] of named) {
    const value = claimAt(claims, claim);
    if (Array.isArray(value)) found[claim] = value.filter((one) => values.has(String(one)));
    else if (values.has(String(value))) found[claim] = value;
  }
  if (bytesOf(found) <= maxBytes) return found;
  const match = roleOf(claims, rules)?.rule.match;
  return match === undefined ? unchecked : { ...unchecked, [match.claim]: [match.value] };
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
