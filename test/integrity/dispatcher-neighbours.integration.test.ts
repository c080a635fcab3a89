/**
 * One user of a connector with more commands than memory takes, and a quiet connector behind them on the same
 * partition.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { partitionFor } from '@astrolabe/records';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { startDispatchersOnBroker } from './dispatchers-on-broker.ts';

const QUIET = 'quiet';
const FLOODING = 'flooding';
const QUIET_COMMANDS = 20;
const FLOOD_COMMANDS = 1_200;
/** Batches of this size, of records that compress badly: one fetch brings no more of the flood than memory takes. */
const BATCH_COMMANDS = 20;
const PADDING_BYTES = 1_500;
const PARTITIONS = 6;

test("a quiet connector's commands do not wait for another's flood on the same partition", async (t) => {
  const pipeline = await startDispatchersOnBroker(t, [QUIET, FLOODING], { DISPATCHER_MAX_BUFFERED_RECORDS: '100' });
  const { api } = pipeline;
  api.faults.add({ kind: 'delay', delayMs: 5, match: { connector: FLOODING } });
  const floodingUser = 'one-user';
  const partition = partitionOf(FLOODING, floodingUser);
  const quietUser = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n'].find(
    (userId) => partitionOf(QUIET, userId) === partition,
  );
  assert.ok(quietUser !== undefined, 'a user of the quiet connector on the partition of the flood');
  const flood = commandsOf(FLOODING, floodingUser, FLOOD_COMMANDS, 0);
  for (let start = 0; start < flood.length; start += BATCH_COMMANDS) {
    await pipeline.produce(flood.slice(start, start + BATCH_COMMANDS));
  }
  await pipeline.produce(commandsOf(QUIET, quietUser, QUIET_COMMANDS, FLOOD_COMMANDS));
  await pipeline.start('dispatcher');

  const applied = (): { readonly connector: string | null; readonly idempotencyKey: string | null }[] =>
    api.calls.all().filter((call) => call.applied > 0);
  await eventually(() => applied().filter(({ connector }) => connector === QUIET).length === QUIET_COMMANDS, {
    timeoutMs: 60_000,
    describe: "the quiet connector's commands to be delivered",
  });
  await eventually(() => pipeline.isDrained(), { timeoutMs: 90_000, describe: 'all to be committed' });

  const calls = applied();
  const lastOfQuiet = calls.findLastIndex(({ connector }) => connector === QUIET);
  const floodBefore = calls.slice(0, lastOfQuiet).filter(({ connector }) => connector === FLOODING).length;
  t.diagnostic(`${floodBefore} of ${FLOOD_COMMANDS} commands of the flood came before the last of the quiet connector`);
  assert.ok(floodBefore < FLOOD_COMMANDS / 2, `${floodBefore} commands of the flood came first`);
  for (const [connectorId, from, count] of [
    [FLOODING, 0, FLOOD_COMMANDS],
    [QUIET, FLOOD_COMMANDS, QUIET_COMMANDS],
  ] as const) {
    assert.deepEqual(
      calls.filter(({ connector }) => connector === connectorId).map(({ idempotencyKey }) => idempotencyKey),
      Array.from({ length: count }, (_, index) => commandIdOf(connectorId, from + index)),
      `each command of ${connectorId} is applied once, in order`,
    );
  }
  assert.deepEqual(await pipeline.deadLetters(), []);
});

function partitionOf(connectorId: string, userId: string): number {
  return partitionFor(Buffer.from(JSON.stringify([connectorId, 'user', userId])), PARTITIONS);
}

function commandIdOf(connectorId: string, number: number): string {
  return commandId(connectorId, `m-${number}`, 'UpsertUser');
}

function commandsOf(connectorId: string, userId: string, count: number, firstNumber: number): Command[] {
  return Array.from({ length: count }, (_, index) => {
    const number = firstNumber + index;
    const padding = randomBytes(PADDING_BYTES).toString('base64');
    const common = { commandId: commandIdOf(connectorId, number), connectorId, messageId: `m-${number}` };
    const times = { occurredAt: Date.UTC(2026, 0, 1) + number, receivedAt: Date.UTC(2026, 0, 1) + number };
    return { kind: 'UpsertUser', record: { ...common, ...times, userId, properties: { number, padding } } };
  });
}
