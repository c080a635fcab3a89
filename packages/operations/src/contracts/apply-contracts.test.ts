import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppliedSubject } from '@astrolabe/records/serde';
import type { CommandKind } from '@astrolabe/schemas';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { applySchemas, checkSchemas } from './apply-schemas.ts';
import { applyTopics, checkTopics } from './apply-topics.ts';

const settings = { replicationFactor: 3, ledgerWindowMs: 48 * 3_600_000 };

test('topics that differ are planned, and in order once the plan is applied', async () => {
  const cluster = createInMemoryCluster();
  assert.ok((await checkTopics(cluster, settings)).isInOrder);
  const { segmentEvents, replays } = cluster.topics;
  cluster.existing.delete(segmentEvents.name);
  const check = await checkTopics(cluster, settings);
  assert.deepEqual(
    [check.isInOrder, check.plan.create.map(({ name }) => name), check.problems],
    [false, [segmentEvents.name], []],
  );
  assert.ok(!cluster.existing.has(segmentEvents.name), 'a check changes nothing');
  const applied = await applyTopics(cluster, check.plan, settings);
  assert.ok(applied.isInOrder);
  assert.ok(applied.plan.unchanged.includes(segmentEvents.name) && applied.plan.unchanged.includes(replays.name));
});

test('what a plan does not mention is a problem of its own', async () => {
  const cluster = createInMemoryCluster();
  const { segmentEvents, segmentEventsDeadLetters, mapperState } = cluster.topics;
  const events = cluster.existing.get(segmentEvents.name);
  assert.ok(events);
  cluster.existing.set(segmentEvents.name, { ...events, partitions: 12 });
  const { isInOrder, problems } = await checkTopics(cluster, settings);
  assert.equal(isInOrder, false);
  assert.deepEqual(
    problems.map(({ about }) => about),
    [`topic ${segmentEventsDeadLetters.name}`, `topic ${mapperState.name}`],
  );
});

test('schemas that are missing are named, with the ids of the others, and registered once', async () => {
  const ids = new Map<CommandKind, number>();
  const registry = {
    commandIds: async () => {
      if (ids.size > 0) return ids;
      const details = { missing: ['commands-UpsertUser'], registered: { TrackEvent: 7 } };
      throw new PipelineError('registry.schema-missing', 'missing', { retryable: true, details });
    },
    apply: async (): Promise<readonly AppliedSubject[]> => {
      const changed = ids.size === 0;
      ids.set('UpsertUser', 1);
      return [{ kind: 'UpsertUser', subject: 'commands-UpsertUser', schemaId: 1, changed }];
    },
  };
  assert.deepEqual(await checkSchemas(registry, 'commands'), {
    kind: 'missing',
    subjects: ['commands-UpsertUser'],
    ids: new Map([['TrackEvent', 7]]),
  });
  assert.deepEqual(
    (await applySchemas(registry, 'commands')).map(({ changed }) => changed),
    [true],
  );
  assert.deepEqual(await checkSchemas(registry, 'commands'), { kind: 'registered', ids });
  const failing = { commandIds: () => Promise.reject(new Error('away')) };
  await assert.rejects(checkSchemas(failing, 'commands'), /away/);
});
