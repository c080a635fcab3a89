/** What `astrolabe acls check` says to people. */
import type { CheckedRights, RightsCheck } from '@astrolabe/operations';
import { kafkaAclsLine, type AccessRule, type Right } from '@astrolabe/records';

export function comparisonLines(check: RightsCheck): string[] {
  if (check.kind === 'no-authorizer') {
    return ['The brokers have no authorizer: everybody may do everything. Set authorizer.class.name on each broker.'];
  }
  const end = check.isInOrder ? 'Every service has the rights that it needs.' : 'Rights are missing.';
  return [...check.holders.flatMap(linesOf), end];
}

function linesOf({ holder, principal, missing, denied, surplus }: CheckedRights): string[] {
  const about = `${holder} (${principal})`;
  const isInOrder = missing.length === 0 && denied.length === 0;
  return [
    ...(isInOrder ? [`= ${about}`] : []),
    ...missing.flatMap((right) => [
      `+ ${about} lacks ${describe(right)}, to ${right.purpose}`,
      `    > ${kafkaAclsLine('--add', principal, right)}`,
    ]),
    ...denied.map(
      (right) => `! ${about} is denied ${describe(right)}, to ${right.purpose}; remove the rule that denies it`,
    ),
    ...surplus.map((rule) => `? ${about} has more than it needs: ${describeRule(rule)}`),
  ];
}

const typeNames = {
  topic: 'topic',
  group: 'consumer group',
  'transactional-id': 'transactional id',
  cluster: 'cluster',
  other: 'resource',
} as const;

function describe({ operations, resourceType, name, pattern }: Right): string {
  return `${operations.join(', ')} on ${describeResource({ resourceType, name, pattern })}`;
}

function describeRule({ operation, ...resource }: AccessRule): string {
  return `${operation} on ${describeResource(resource)}`;
}

function describeResource({
  resourceType,
  name,
  pattern,
}: Pick<AccessRule, 'resourceType' | 'name' | 'pattern'>): string {
  if (resourceType === 'cluster') return 'the cluster';
  return `${typeNames[resourceType]} ${name}${pattern === 'prefixed' ? '*' : ''}`;
}
