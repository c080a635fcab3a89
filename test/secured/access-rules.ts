/** Sets at a broker what `astrolabe acls print` printed, from the printed text. */
import assert from 'node:assert/strict';
import type { KafkaConnection } from '@astrolabe/kafka';
import { eventually } from '@astrolabe/testkit';
import { clientOf } from '../../packages/kafka/src/connection.ts';

/** Numbers of Kafka's resource types, operations, patterns and permissions. */
const resourceTypes: Readonly<Record<string, number>> = { topic: 2, group: 3, cluster: 4, 'transactional-id': 5 };
const operations: Readonly<Record<string, number>> = {
  Read: 3,
  Write: 4,
  Create: 5,
  Alter: 7,
  Describe: 8,
  DescribeConfigs: 10,
  AlterConfigs: 11,
};
const LITERAL = 3;
const PREFIXED = 4;
const ALLOW = 3;

export interface AclEntry {
  readonly principal: string;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly resourcePatternType: number;
  readonly operation: number;
  readonly host: string;
  readonly permissionType: number;
}

/** One for each operation of a line `kafka-acls.sh --add ...`; other lines are comments. */
export function parsePrintedAcls(printed: string): AclEntry[] {
  return printed
    .split('\n')
    .filter((line) => line.startsWith('kafka-acls.sh '))
    .flatMap((line) => {
      const principal = /--allow-principal (?:'([^']+)'|(\S+))/.exec(line)?.slice(1).join('') ?? assert.fail(line);
      const [, type = '', name = 'kafka-cluster'] =
        /--(topic|group|transactional-id|cluster)(?: ([^\s-]\S*))?/.exec(line.replace(/--resource-pattern.*/, '')) ??
        [];
      const isPrefixed = line.includes('--resource-pattern-type prefixed');
      const words = [...line.matchAll(/--operation (\S+)/g)].map(([, word = '']) => word);
      assert.ok(words.length > 0, line);
      return words.map((word) => ({
        principal,
        resourceType: resourceTypes[type] ?? assert.fail(line),
        resourceName: name,
        resourcePatternType: isPrefixed ? PREFIXED : LITERAL,
        operation: operations[word] ?? assert.fail(line),
        host: '*',
        permissionType: ALLOW,
      }));
    });
}

type Admin = ReturnType<ReturnType<typeof clientOf>['admin']>;

async function withAdmin(connection: KafkaConnection, act: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = clientOf(connection).admin();
  await admin.connect();
  try {
    await act(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Resolves once the broker goes by it: it hears of what the controller has stored a moment later. */
export const allow = (connection: KafkaConnection, acl: readonly AclEntry[]): Promise<void> =>
  withAdmin(connection, async (admin) => {
    await admin.createAcls({ acl: [...acl] });
    await untilCounted(admin, acl, acl.length);
  });

/** Resolves once the broker goes by it. */
export const disallow = (connection: KafkaConnection, acl: readonly AclEntry[]): Promise<void> =>
  withAdmin(connection, async (admin) => {
    await admin.deleteAcls({ filters: [...acl] });
    await untilCounted(admin, acl, 0);
  });

const ANY = 1;

async function untilCounted(admin: Admin, acl: readonly AclEntry[], expected: number): Promise<void> {
  const all = { resourceType: ANY, resourcePatternType: ANY, operation: ANY, permissionType: ANY };
  const keyOf = ({ principal, resourceType, resourceName, operation }: AclEntry): string =>
    JSON.stringify([principal, resourceType, resourceName, operation]);
  const count = async (): Promise<boolean> => {
    const { resources } = await admin.describeAcls(all);
    const present = new Set(resources.flatMap((resource) => resource.acls.map((each) => keyOf({ ...resource, ...each }))));
    assert.equal(acl.filter((entry) => present.has(keyOf(entry))).length, expected);
    return true;
  };
  await eventually(count, { timeoutMs: 30_000, describe: `${expected} of the rules at the broker` });
}
