/** What the audit promises, on whatever cluster. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { systemClock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { openAuditLog } from '../audit/audit-log.ts';
import type { AuditCursor, AuditEntry, AuditFilter } from '../audit/core/audit-page.ts';
import type { AuditResult } from '../audit/core/audit-record.ts';
import { performAudited, type ActionToPerform, type AuditTools } from '../audit/perform-audited.ts';
import { exportAudit, readAuditPage } from '../audit/read-audit.ts';
import type { Cluster } from '../cluster/cluster.ts';

export interface AuditedCluster {
  readonly cluster: Cluster;
  /** As after an upgrade. */
  removeAuditTopic(): Promise<void>;
}

const { signal } = new AbortController();
const done = (): AuditResult => ({ kind: 'done' });

function actionOf(name: string, about: string, action: ActionToPerform['action'] = 'redrive'): ActionToPerform {
  return { action, caller: { program: 'cli', name, from: `${name}@host` }, about };
}

async function openTools(t: TestContext, cluster: Cluster): Promise<AuditTools> {
  const log = await openAuditLog(cluster);
  t.after(() => log.close());
  return { log, clock: systemClock, newId: randomUUID, onEndLost: (error) => assert.fail(String(error)) };
}

async function entriesOf(cluster: Cluster, filter: AuditFilter = {}, limit = 100): Promise<readonly AuditEntry[]> {
  const all: AuditEntry[] = [];
  let from: AuditCursor | undefined;
  do {
    const page = await readAuditPage(cluster, { filter, limit, from }, signal);
    assert.ok(page.kind === 'page');
    assert.ok(page.entries.length <= limit);
    all.push(...page.entries);
    from = page.next;
  } while (from !== undefined);
  return all;
}

export function auditContract(open: (t: TestContext) => Promise<AuditedCluster>): void {
  test('the begin of an action is stored before the action is done, and its end lies on the same partition', async (t) => {
    const { cluster } = await open(t);
    const tools = await openTools(t, cluster);
    const partitionsWith = async (): Promise<readonly number[]> => {
      const marks = await cluster.admin.watermarks(cluster.topics.audit.name);
      return marks.filter(({ highWatermark }) => highWatermark > 0n).map(({ partition }) => partition);
    };
    await performAudited(
      tools,
      { ...actionOf('eva', 'connector acme', 'rotate-key'), before: { key: '1f0c9a3e' } },
      async () => {
        const [begun, ...others] = await entriesOf(cluster);
        assert.deepEqual(others, []);
        assert.deepEqual([begun?.action, begun?.about, begun?.end], ['rotate-key', 'connector acme', undefined]);
      },
      () => ({ kind: 'done', after: { key: '77aa00ff' }, counts: { keys: 2 } }),
    );
    const [ended, ...others] = await entriesOf(cluster);
    assert.deepEqual(others, [], 'begin and end are told as one');
    assert.deepEqual(ended?.end?.result, { kind: 'done', after: { key: '77aa00ff' }, counts: { keys: 2 } });
    assert.deepEqual([ended.before, ended.caller.from], [{ key: '1f0c9a3e' }, 'eva@host']);
    assert.deepEqual(await partitionsWith(), [0]);
  });

  test('an action that fails is recorded with its reason, and fails for its caller as it did', async (t) => {
    const { cluster } = await open(t);
    const tools = await openTools(t, cluster);
    const failing = (): Promise<never> => Promise.reject(new Error('no answer of https://eva:secret@api.example.com'));
    await assert.rejects(performAudited(tools, actionOf('eva', 'x'), failing, done), /no answer/);
    const [entry] = await entriesOf(cluster);
    assert.equal(entry?.end?.result.kind, 'failed');
    assert.match(entry.end.result.message ?? '', /^no answer of https:\/\/\[redacted\]@api/);
  });

  test('without the topic nothing is done, and the message says what to type', async (t) => {
    const { cluster, removeAuditTopic } = await open(t);
    await removeAuditTopic();
    await assert.rejects(openAuditLog(cluster), (error: Error) => {
      assert.ok(isPipelineError(error, 'audit.not-recorded'));
      assert.match(error.message, /audit\.v1 does not exist yet; create it with "astrolabe topics apply --execute"/);
      return true;
    });
    const page = await readAuditPage(cluster, { filter: {}, limit: 5, from: undefined }, signal);
    assert.deepEqual(page, { kind: 'no-topic', topic: cluster.topics.audit.name });
  });

  test('pages come newest first, hold each action once, and filters leave out what does not match', async (t) => {
    const { cluster } = await open(t);
    const tools = await openTools(t, cluster);
    // The first one is under way all the time, so its begin is on the last page and its end on the first.
    await performAudited(
      tools,
      actionOf('ann', 'long'),
      async () => {
        for (let index = 0; index < 12; index += 1) {
          const action = index % 3 === 0 ? 'dismiss' : 'redrive';
          await performAudited(tools, actionOf('eva', `${index}`, action), async () => undefined, done);
        }
      },
      done,
    );
    const abouts = (await entriesOf(cluster, {}, 5)).map(({ about }) => about);
    assert.deepEqual(abouts, ['long', ...Array.from({ length: 12 }, (_, index) => `${11 - index}`)]);
    assert.deepEqual(
      (await entriesOf(cluster, { who: 'eva', action: 'dismiss' }, 1)).map(({ about }) => about),
      ['9', '6', '3', '0'],
    );
    assert.deepEqual(await entriesOf(cluster, { untilMs: 1 }), []);
    assert.equal((await entriesOf(cluster, { sinceMs: systemClock.nowMs() - 600_000 })).length, 13);
    assert.deepEqual(await entriesOf(cluster, { sinceMs: systemClock.nowMs() + 3_600_000 }), []);
    const lines: { about: string; result: { kind: string } }[] = [];
    for await (const line of exportAudit(cluster, { who: 'ann' }, signal)) lines.push(JSON.parse(line) as never);
    assert.deepEqual(
      lines.map(({ about, result }) => [about, result.kind]),
      [['long', 'done']],
    );
  });
}
