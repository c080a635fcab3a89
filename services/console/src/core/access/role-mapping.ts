/**
 * Which role somebody has: one mapping from claims, `CONSOLE_ROLES`. Nobody has a role by default.
 *
 *     groups:pipeline-ops=admin, realm_access.roles:support=reader, name:ann=replayer, *=viewer
 */
import { roles, type Role } from '../../routes/route.ts';
import { includesRole } from './roles.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface RoleRule {
  /** As written. */
  readonly text: string;
  /** Undefined: everybody who is signed in. */
  readonly match: { readonly claim: string; readonly value: string } | undefined;
  readonly role: Role;
}

export interface GrantedRole {
  readonly role: Role;
  readonly rule: RoleRule;
}

/** Undefined if the text is not a mapping. */
export function parseRoleMapping(text: string): readonly RoleRule[] | undefined {
  const rules = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRule);
  return rules.length > 0 && rules.every((rule) => rule !== undefined) ? rules : undefined;
}

/** The highest role that a rule gives, and that rule. */
export function roleOf(claims: Claims, rules: readonly RoleRule[]): GrantedRole | undefined {
  let granted: GrantedRole | undefined;
  for (const rule of rules) {
    if (granted !== undefined && includesRole(granted.role, rule.role)) continue;
    if (isMatched(claims, rule)) granted = { role: rule.role, rule };
  }
  return granted;
}

/** A claim by its name, or, where there is none of that name, by a path through objects: `realm_access.roles`. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function parseRule(text: string): RoleRule | undefined {
  const end = text.lastIndexOf('=');
  const role = roles.find((name) => name === text.slice(end + 1).trim());
  if (end < 1 || role === undefined) return undefined;
  const condition = text.slice(0, end).trim();
  if (condition === '*') return { text, match: undefined, role };
  // A claim's name may be a URL: its first colon is not the one that ends the name.
  const colon = /:(?!\/\/)/.exec(condition)?.index;
  if (colon === undefined) return undefined;
  const claim = decode(condition.slice(0, colon));
  const value = decode(condition.slice(colon + 1));
  return claim && value ? { text, match: { claim, value }, role } : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

function isMatched(claims: Claims, { match }: RoleRule): boolean {
  if (match === undefined) return true;
  // Anybody can enter somebody else's address at a provider that does not check it.
  if (match.claim === 'email' && claims['email_verified'] === false) return false;
  const value = claimAt(claims, match.claim);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.some((one) => (typeof one === 'boolean' ? String(one) : one) === match.value);
}
