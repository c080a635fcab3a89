import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { commandId, type Command } from '@astrolabe/schemas';
import { common, upsertUser } from '../testing/commands.ts';
import { createHandler, recordOf } from '../testing/scripted-handler.ts';

function replayed(command: Command, offset: bigint, replayId: string, isForced: boolean): ConsumedRecord {
  const record = recordOf(command, offset);
  const marks = toHeaders({ 'replay-id': replayId, 'replay-force': isForced ? '1' : undefined });
  return { ...record, headers: { ...record.headers, ...marks } };
}

const effectsIn = (effects: readonly string[]): number => effects.filter((each) => each.startsWith('effect')).length;
const callsIn = (effects: readonly string[]): string[] => effects.filter((each) => each.startsWith('call'));

test('a replay makes no call for what the ledger knows', async () => {
  const { effects, run, countsOf } = createHandler();
  await run(recordOf(upsertUser(), 0n));
  await run(replayed(upsertUser(), 1n, 'r1', false));
  assert.equal(callsIn(effects).length, 1);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser delivered 1', 'acme UpsertUser duplicate ledger 1']);
});

test('a forced replay delivers known commands again, once for that replay', async () => {
  const { effects, run, countsOf } = createHandler();
  await run(recordOf(upsertUser(), 0n));
  await run(replayed(upsertUser(), 1n, 'r1', true));
  await run(replayed(upsertUser(), 2n, 'r1', true));
  await run(replayed(upsertUser(), 3n, 'r2', true));
  assert.equal(effectsIn(effects), 3);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser delivered 3', 'acme UpsertUser duplicate ledger 1']);
});

test('what a replay delivers does not count as fresh or stale', async () => {
  const { run, metrics } = createHandler();
  await run(replayed(upsertUser(), 0n, 'r1', false));
  const { values } = await metrics.freshness.get();
  assert.deepEqual(
    values.filter(({ metricName }) => metricName === 'dispatcher_freshness_seconds_count').map(({ value }) => value),
    [],
  );
});

test('a tracked event that is forced is called for alone, under its own id, where others share a call', async () => {
  const { effects, run, clock } = createHandler({ bulk: { maxCommands: 3, maxBytes: 10_000, lingerMs: 0 } });
  const track: Command = {
    kind: 'TrackEvent',
    record: {
      ...common,
      commandId: commandId(common.connectorId, common.messageId, 'TrackEvent'),
      event: 'E',
      userId: 'u',
      anonymousId: null,
      properties: {},
      userProperties: {},
    },
  };
  const running = run(replayed(track, 0n, 'r1', true));
  await clock.advance(5);
  await running;
  assert.deepEqual(callsIn(effects), ['call POST /v1/events']);
});
