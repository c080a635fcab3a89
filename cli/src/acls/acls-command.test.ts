import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightsFor } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { comparisonLines } from './comparison-lines.ts';

test('the rights of every service are printed as commands, with the prefix and the groups that are configured', async () => {
  const env = { KAFKA_TOPIC_PREFIX: 'eu.', MAPPER_GROUP_ID: 'mappers' };
  const { exitCode, stdout } = await runAstrolabe(['acls', 'print'], env);
  assert.equal(exitCode, 0);
  const lines = stdout.trimEnd().split('\n');
  const all = Object.values(rightsFor()).flat();
  assert.equal(lines.filter((line) => line.startsWith('kafka-acls.sh ')).length, all.length);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('#')),
    ['# ingest', '# mapper', '# dispatcher', '# operator', '# console', '# setup'],
  );
  assert.match(stdout, /User:mapper --operation Read --group eu\.mappers\n/);
  assert.match(stdout, /--transactional-id eu\.mappers- --resource-pattern-type prefixed\n/);
});

test('the users are named as one wants, and are told as JSON too', async () => {
  const args = [
    'acls',
    'print',
    'ingest',
    'mapper',
    '--principal',
    'ingest=User:CN=in',
    '--principal',
    'mapper=User:m',
  ];
  const { stdout } = await runAstrolabe(args);
  assert.match(stdout, /--allow-principal 'User:CN=in' --operation Write --topic segment\.events\.v1\n/);
  assert.match(stdout, /--allow-principal User:m /);
  const [printed] = jsonLines<{ services: { principal: string }[] }>(await runAstrolabe([...args, '--json']));
  assert.deepEqual(
    printed?.services.map(({ principal }) => principal),
    ['User:CN=in', 'User:m'],
  );
});

test('the commands can be run as they are printed where brokers and login are named', async () => {
  const args = [
    'acls',
    'print',
    'ingest',
    '--bootstrap-server',
    'kafka-0:9093',
    '--command-config',
    'admin.properties',
  ];
  const { stdout } = await runAstrolabe(args);
  const commands = stdout.split('\n').filter((line) => line.startsWith('kafka-acls.sh '));
  assert.equal(commands.length, rightsFor().ingest.length);
  for (const command of commands) {
    assert.match(command, /^kafka-acls\.sh --bootstrap-server kafka-0:9093 --command-config admin\.properties --add /);
  }
});

test('for Strimzi there is one document of YAML for each user', async () => {
  const args = ['acls', 'print', '--format', 'strimzi', '--strimzi-cluster', 'events', '--authentication', 'tls'];
  const { stdout } = await runAstrolabe(args);
  assert.equal(stdout.match(/^kind: KafkaUser$/gm)?.length, 6);
  assert.equal(stdout.match(/^---$/gm)?.length, 5);
  assert.match(
    stdout,
    /name: "mapper"\n {2}labels:\n {4}strimzi\.io\/cluster: "events"\nspec:\n {2}authentication:\n {4}type: tls\n/,
  );
});

test('a service or a user that does not exist is wrong usage, with those that do', async () => {
  for (const args of [
    ['acls', 'print', 'injest'],
    ['acls', 'print', '--principal', 'injest=User:x'],
    ['acls', 'print', '--principal', 'ingest=x'],
  ]) {
    const { exitCode, stderr } = await runAstrolabe(args);
    assert.equal(exitCode, 2, args.join(' '));
    assert.match(stderr, /ingest, mapper, dispatcher, operator, console, setup/);
  }
});

test('what is missing is told with the command that grants it, and what denies or exceeds a need is told', () => {
  const [topic] = rightsFor().ingest;
  assert.ok(topic);
  const rule = { principal: 'User:ingest', host: '*', resourceType: 'topic', name: 'x', pattern: 'literal' } as const;
  const lines = comparisonLines({
    kind: 'compared',
    isInOrder: false,
    holders: [
      {
        holder: 'ingest',
        principal: 'User:ingest',
        missing: [topic],
        denied: [topic],
        surplus: [{ ...rule, permission: 'Allow', operation: 'All' }],
      },
      { holder: 'mapper', principal: 'User:mapper', missing: [], denied: [], surplus: [] },
    ],
  });
  assert.deepEqual(lines, [
    '+ ingest (User:ingest) lacks Write on topic segment.events.v1, to store events',
    '    > kafka-acls.sh --bootstrap-server BROKER --add --allow-principal User:ingest --operation Write --topic segment.events.v1',
    '! ingest (User:ingest) is denied Write on topic segment.events.v1, to store events; remove the rule that denies it',
    '? ingest (User:ingest) has more than it needs: All on topic x',
    '= mapper (User:mapper)',
    'Rights are missing.',
  ]);
  assert.match(comparisonLines({ kind: 'no-authorizer' })[0] ?? '', /have no authorizer: everybody may do everything/);
});
