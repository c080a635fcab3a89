import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightsFor, rightsHolders, type AccessRule, type RightsHolder } from '@astrolabe/records';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { checkRights } from './check-rights.ts';

const prefix = 'eu.';
const groups = { mapperGroupId: 'mappers', dispatcherGroupId: 'dispatchers' };
const principalOf = (holder: RightsHolder): string => `User:${holder}-eu`;

function clusterWith(rules: readonly AccessRule[] | undefined) {
  const { admin } = createInMemoryCluster();
  return { prefix, admin: { ...admin, accessRules: async () => rules } };
}

const rules = rightsHolders.flatMap((holder) =>
  rightsFor({ prefix, ...groups })[holder].flatMap(({ operations, resourceType, name, pattern }) =>
    operations.map((operation): AccessRule => {
      const principal = principalOf(holder);
      return { principal, permission: 'Allow', host: '*', operation, resourceType, name, pattern };
    }),
  ),
);

test('the rights of every user are compared with the prefix and the groups of the pipeline', async () => {
  const check = await checkRights(clusterWith(rules), { principalOf, groups });
  assert.ok(check.kind === 'compared' && check.isInOrder);
  assert.deepEqual(
    check.holders.map(({ holder, principal }) => [holder, principal]),
    rightsHolders.map((holder) => [holder, principalOf(holder)]),
  );
});

test('one right that is missing is one too many, and is told of the user that lacks it', async () => {
  const short = rules.filter(({ name, principal }) => !(name === 'eu.mappers' && principal === 'User:mapper-eu'));
  const check = await checkRights(clusterWith(short), { principalOf, groups });
  assert.ok(check.kind === 'compared' && !check.isInOrder);
  const lacking = check.holders.filter(({ missing }) => missing.length > 0);
  assert.deepEqual(
    lacking.map(({ holder, missing }) => [holder, missing.map(({ name }) => name)]),
    [['mapper', ['eu.mappers']]],
  );
  const others = await checkRights(clusterWith(short), { holders: ['ingest', 'dispatcher'], principalOf, groups });
  assert.ok(others.kind === 'compared' && others.isInOrder);
});

test('brokers without an authorizer are told as such: they forbid nothing', async () => {
  assert.deepEqual(await checkRights(clusterWith(undefined), { principalOf, groups }), { kind: 'no-authorizer' });
});
