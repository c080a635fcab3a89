/** Access control lists as the brokers have them. */
import type { AccessRule } from '@astrolabe/records';
import type { Admin } from '../kafkajs/index.ts';

/** Numbers of Kafka's `ResourceType`, `PatternType`, `AclOperation` and `AclPermissionType`. */
const ANY = 1;
const resourceTypes: Readonly<Record<number, AccessRule['resourceType']>> = {
  2: 'topic',
  3: 'group',
  4: 'cluster',
  5: 'transactional-id',
};
const PREFIXED = 4;
const operations: Readonly<Record<number, AccessRule['operation']>> = {
  2: 'All',
  3: 'Read',
  4: 'Write',
  5: 'Create',
  6: 'Delete',
  7: 'Alter',
  8: 'Describe',
  9: 'ClusterAction',
  10: 'DescribeConfigs',
  11: 'AlterConfigs',
  12: 'IdempotentWrite',
};
const DENY = 2;

/** Undefined where the brokers have no authorizer. Rejects with a kafkajs error. */
export async function readAccessRules(admin: Admin): Promise<readonly AccessRule[] | undefined> {
  try {
    const { resources } = await admin.describeAcls({
      resourceType: ANY,
      resourcePatternType: ANY,
      operation: ANY,
      permissionType: ANY,
    });
    return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
      acls.map(({ principal, host, operation, permissionType }): AccessRule => ({
        principal,
        host,
        permission: permissionType === DENY ? 'Deny' : 'Allow',
        operation: operations[operation] ?? 'other',
        resourceType: resourceTypes[resourceType] ?? 'other',
        name: resourceName,
        pattern: resourcePatternType === PREFIXED ? 'prefixed' : 'literal',
      })),
    );
  } catch (error) {
    if ((error as { type?: string }).type === 'SECURITY_DISABLED') return undefined;
    throw error;
  }
}
