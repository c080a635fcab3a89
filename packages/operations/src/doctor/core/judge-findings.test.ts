import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicDescription } from '@astrolabe/kafka';
import type { Finding } from './finding.ts';
import { judgeCompatibility } from './judge-compatibility.ts';
import { judgeLedgerFolder, judgeLedgerWindow } from './judge-ledger.ts';
import { judgeVersions, releaseOf } from './judge-versions.ts';

const DAY_MS = 86_400_000;
const facts = (findings: readonly Finding[]) => findings.map(({ level, fact }) => `${level}: ${fact}`);
const topic = (name: string, keptMs: number, partitions = 6): TopicDescription => ({
  name,
  partitions: Array.from({ length: partitions }, (_, partition) => {
    return { partition, leader: 1, replicas: 3, inSyncReplicas: 3 };
  }),
  config: { 'retention.ms': String(keptMs) },
});

test("the ledger's topic must have a retention as long as its window", () => {
  const judged = (deliveries: TopicDescription, commands: TopicDescription) =>
    facts(judgeLedgerWindow(2 * DAY_MS, deliveries, commands));
  assert.deepEqual(judged(topic('d', 2 * DAY_MS), topic('c', 7 * DAY_MS)), [
    'ok: knows deliveries of the last 2 d; retention of commands 7 d; a replay delivers older commands again',
  ]);
  assert.deepEqual(judged(topic('d', -1), topic('c', 2 * DAY_MS)), [
    'ok: knows deliveries of the last 2 d; retention of commands 2 d',
  ]);
  assert.deepEqual(judged(topic('d', DAY_MS), topic('c', DAY_MS)), [
    'problem: d has a retention of 1 d, shorter than the window of 2 d',
    'warning: c has a retention of 1 d, shorter than the window of 2 d',
  ]);
  assert.deepEqual(judgeLedgerWindow(DAY_MS, undefined, topic('c', 1)), [], 'a missing topic is another finding');
});

test('a disk without room for a full ledger is a warning, and what the ledger has already counts as room', () => {
  const folder = { path: '/data', usedBytes: 300_000_000, freeBytes: 400_000_000 };
  assert.deepEqual(facts(judgeLedgerFolder('/data', folder)), ['ok: 300 MB in /data, 400 MB free']);
  assert.equal(judgeLedgerFolder('/data', { ...folder, freeBytes: 399_999_999 })[0]?.level, 'warning');
  assert.equal(judgeLedgerFolder('/data', undefined)[0]?.level, 'ok');
});

test('releases that leave transactions open are a warning where a partition can be without a leader', () => {
  assert.deepEqual([25, 29, 30, 31, 33, 34].map(releaseOf), ['4.0', '4.2', '4.3', '4.4', '4.4', 'after 4.4']);
  const judged = (levels: readonly (number | undefined)[], replicas: number) =>
    facts(
      judgeVersions(
        levels.map((metadataLevel, index) => ({ broker: `b${index}`, metadataLevel })),
        replicas,
      ),
    );
  assert.deepEqual(judged([29], 1), ['ok: Kafka 4.2']);
  for (const level of [30, 33]) {
    assert.match(judged([level], 1)[0] ?? '', /^warning: Kafka 4\.[34] with topics of 1 replica$/);
    assert.match(judged([level, level, level], 3)[0] ?? '', /^ok: /);
  }
  assert.match(judged([34], 1)[0] ?? '', /^ok: /);
  assert.deepEqual(judged([29, 34], 3), ['warning: mixed: 4.2, after 4.4']);
  assert.deepEqual(judged([undefined], 1), ['warning: b0 did not answer']);
});

test('a subject whose schemas are not checked against all earlier ones is reported with its remedy', () => {
  const subject = { subject: 's', url: 'http://r/config/s' };
  const judged = (level: string | undefined) => judgeCompatibility([{ ...subject, level }])[0];
  assert.equal(judged('BACKWARD_TRANSITIVE')?.level, 'ok');
  assert.equal(judged('FULL_TRANSITIVE')?.level, 'ok');
  assert.equal(judged('BACKWARD')?.level, 'warning');
  for (const level of ['NONE', 'FORWARD_TRANSITIVE', undefined]) assert.equal(judged(level)?.level, 'problem');
  assert.match(judged('NONE')?.remedy ?? '', /^curl -X PUT .* http:\/\/r\/config\/s$/);
});
