import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRights, type AccessRule } from './compare-rights.ts';
import { kafkaAclsLine, toKafkaAcls, toKafkaUser } from './render-rights.ts';
import { rightsFor, rightsHolders, topicNeedsOf, type Right } from './service-rights.ts';

const principal = 'User:mapper';
const rights = rightsFor().mapper;

/** What brokers have after every command was run. */
function rulesOf(given: readonly Right[]): AccessRule[] {
  return given.flatMap(({ resourceType, name, pattern, operations }) =>
    operations.map((operation): AccessRule => {
      return { principal, permission: 'Allow', host: '*', operation, resourceType, name, pattern };
    }),
  );
}

test('the prefix goes before every name but that of the cluster', () => {
  for (const holder of rightsHolders) {
    const plain = rightsFor()[holder];
    const prefixed = rightsFor({ prefix: 'eu.' })[holder];
    for (const [index, right] of plain.entries()) {
      const name = right.resourceType === 'cluster' ? right.name : `eu.${right.name}`;
      assert.deepEqual(prefixed[index], { ...right, name });
    }
  }
});

test('what is printed is enough, and nothing of it is more than is needed', () => {
  for (const holder of rightsHolders) {
    const needed = rightsFor()[holder];
    assert.deepEqual(compareRights({ principal, rights: needed }, rulesOf(needed)), {
      missing: [],
      denied: [],
      surplus: [],
    });
  }
});

test('each operation that is taken away is missing, and it alone', () => {
  const all = rulesOf(rights);
  for (const [index, rule] of all.entries()) {
    const { missing } = compareRights({ principal, rights }, all.toSpliced(index, 1));
    assert.deepEqual(
      missing.map(({ name, operations }) => [name, operations]),
      [[rule.name, [rule.operation]]],
    );
  }
});

test('wider rules allow as Kafka has it: every operation, every name, a prefix, everybody, one that includes another', () => {
  const [topic] = rights;
  assert.ok(topic);
  const [rule] = rulesOf([topic]);
  assert.ok(rule);
  const missingUnder = (changed: Partial<AccessRule>, right = topic): number =>
    compareRights({ principal, rights: [right] }, [{ ...rule, ...changed }]).missing.length;
  assert.equal(missingUnder({ operation: 'All' }), 0);
  assert.equal(missingUnder({ name: '*' }), 0);
  assert.equal(missingUnder({ name: 'segment.', pattern: 'prefixed' }), 0);
  assert.equal(missingUnder({ principal: 'User:*' }), 0);
  assert.equal(missingUnder({}, { ...topic, operations: ['Describe'] }), 0);
  // None of these is.
  assert.equal(missingUnder({ operation: 'Describe' }), 1);
  assert.equal(missingUnder({ host: '10.0.0.1' }), 1);
  assert.equal(missingUnder({ principal: 'User:other' }), 1);
  assert.equal(missingUnder({ resourceType: 'group' }), 1);
  assert.equal(missingUnder({}, { ...topic, pattern: 'prefixed' }), 1);
});

test('a rule that denies wins over one that allows, and what is not needed is told', () => {
  const all = rulesOf(rights);
  const [first] = all;
  assert.ok(first);
  const deny: AccessRule = { ...first, permission: 'Deny', operation: 'All' };
  const more: AccessRule = { ...first, operation: 'Delete' };
  const compared = compareRights({ principal, rights }, [...all, deny, more]);
  assert.deepEqual(compared.denied, [rights[0]]);
  assert.deepEqual(compared.missing, []);
  assert.deepEqual(compared.surplus, [more]);
});

test('the commands are those of kafka-acls, and a name that a shell would take apart is quoted', () => {
  assert.deepEqual(toKafkaAcls({ principal, rights }).slice(-2), [
    'kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:mapper --operation Read --group astrolabe.mapper',
    'kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:mapper --operation Write --transactional-id astrolabe.mapper- --resource-pattern-type prefixed',
  ]);
  const [topic] = rights;
  assert.ok(topic);
  assert.equal(
    kafkaAclsLine('--add', principal, topic, {
      bootstrapServer: '[::1]:9093',
      commandConfig: '/etc/my admin.properties',
    }),
    "kafka-acls.sh --bootstrap-server '[::1]:9093' --command-config '/etc/my admin.properties' --add --allow-principal User:mapper --operation Read --topic segment.events.v1",
  );
  assert.match(
    kafkaAclsLine('--remove', "User:CN=o'hara,O=A B", topic),
    / --allow-principal 'User:CN=o'\\''hara,O=A B' /,
  );
});

test('a user of Strimzi has each right once, with names as strings', () => {
  const user = toKafkaUser(rights, { name: 'mapper', cluster: 'events', authentication: 'scram-sha-512' });
  assert.equal(user.match(/- resource:/g)?.length, rights.length);
  assert.match(
    user,
    /- resource:\n {10}type: transactionalId\n {10}name: "astrolabe.mapper-"\n {10}patternType: prefix\n {8}operations: \[Write\]$/,
  );
});

test('services check those topics that they have rights on', () => {
  assert.deepEqual(topicNeedsOf(rights).slice(2, 4), [
    { name: 'astrolabe.commands.v1', operations: ['Write'] },
    { name: 'astrolabe.mapper-state.v1', operations: ['Read', 'Write'] },
  ]);
});
