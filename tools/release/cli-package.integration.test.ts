import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uniqueName } from '@astrolabe/testkit';
import { installPackedCli } from './installed-cli.ts';

test('the npm package of astrolabe declares topics and schemas on a real broker and registry', (t) => {
  const { KAFKA_BROKERS = '', SCHEMA_REGISTRY_URL = '' } = process.env;
  assert.ok(KAFKA_BROKERS !== '' && SCHEMA_REGISTRY_URL !== '', 'run by "npm run test:integration"');
  const env = {
    KAFKA_BROKERS,
    SCHEMA_REGISTRY_URL,
    KAFKA_TOPIC_PREFIX: `${uniqueName('packed-cli')}.`,
    KAFKA_REPLICATION_FACTOR: '1',
    KAFKA_PARTITIONS: '1',
  };
  const { run } = installPackedCli(t);
  for (const args of [
    ['topics', 'apply', '--execute'],
    ['topics', 'check'],
    ['schemas', 'apply', '--execute'],
    ['schemas', 'check'],
    ['lag', '--json'],
  ]) {
    const { status, stdout, stderr } = run(args, env);
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  }
});
