/** What brokers allow a user, against what it needs. No I/O. */
import { CLUSTER_RESOURCE, type GrantedRights, type Right, type RightOperation } from './service-rights.ts';

/** An access control list of a broker. */
export interface AccessRule {
  readonly principal: string;
  readonly permission: 'Allow' | 'Deny';
  /** `*` for every host. */
  readonly host: string;
  readonly operation: RightOperation | 'All' | 'Delete' | 'ClusterAction' | 'IdempotentWrite' | 'other';
  readonly resourceType: Right['resourceType'] | 'other';
  readonly name: string;
  readonly pattern: Right['pattern'];
}

export interface RightsComparison {
  /** Needed and not allowed. Each right with those of its operations that are missing. */
  readonly missing: readonly Right[];
  /** Taken away by a rule that denies, whatever else allows it. */
  readonly denied: readonly Right[];
  /** Held by this user and needed for nothing here. */
  readonly surplus: readonly AccessRule[];
}

/** By the rules of Kafka's StandardAuthorizer. Rules that hold for some hosts only count as missing. */
export function compareRights({ principal, rights }: GrantedRights, rules: readonly AccessRule[]): RightsComparison {
  const mine = rules.filter((rule) => rule.principal === principal || rule.principal === 'User:*');
  const having = (permission: AccessRule['permission']) => {
    const chosen = mine.filter((rule) => rule.permission === permission);
    return (right: Right, operation: RightOperation): boolean =>
      chosen.some((rule) => isAbout(rule, right) && covers(rule, operation, permission));
  };
  const isAllowed = having('Allow');
  const isDenied = having('Deny');
  const only = (test: (right: Right, operation: RightOperation) => boolean): Right[] =>
    rights
      .map((right) => ({ ...right, operations: right.operations.filter((operation) => test(right, operation)) }))
      .filter(({ operations }) => operations.length > 0);
  return {
    missing: only((right, operation) => !isAllowed(right, operation) && !isDenied(right, operation)),
    denied: only(isDenied),
    surplus: mine.filter(
      (rule) => rule.permission === 'Allow' && rule.principal === principal && !isNeeded(rule, rights),
    ),
  };
}

function isAbout(rule: AccessRule, { resourceType, name, pattern }: Right): boolean {
  if (rule.resourceType !== resourceType) return false;
  if (rule.pattern === 'prefixed') return name.startsWith(rule.name);
  return rule.name === '*' || (pattern === 'literal' && rule.name === name);
}

/** What an operation includes: only what is allowed does, what is denied does not. */
const including: Readonly<Partial<Record<AccessRule['operation'], readonly RightOperation[]>>> = {
  Read: ['Describe'],
  Write: ['Describe'],
  Delete: ['Describe'],
  Alter: ['Describe'],
  AlterConfigs: ['DescribeConfigs'],
};

function covers(
  { operation: given, host }: AccessRule,
  wanted: RightOperation,
  permission: AccessRule['permission'],
): boolean {
  if (permission === 'Allow' && host !== '*') return false;
  if (given === 'All' || given === wanted) return true;
  return permission === 'Allow' && including[given]?.includes(wanted) === true;
}

function isNeeded(rule: AccessRule, rights: readonly Right[]): boolean {
  return rights.some(
    ({ resourceType, name, pattern, operations }) =>
      rule.resourceType === resourceType &&
      rule.pattern === pattern &&
      rule.name === (resourceType === 'cluster' ? CLUSTER_RESOURCE : name) &&
      operations.some((operation) => operation === rule.operation),
  );
}
