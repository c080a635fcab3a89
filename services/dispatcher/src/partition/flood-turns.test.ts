/**
 * What a quiet connector's command waits for while another connector floods: counted, so that it holds on any machine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumedRecord } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ApiCallReceiver, ApiClient } from '../calls/api-client.ts';
import { TURN_BUDGET_MS } from '../core/turns/turn-budget.ts';
import { createInMemoryLedger, type DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { upsertUser } from '../testing/commands.ts';
import { answer } from '../testing/scripted-api.ts';
import { createHandler, createSession, recordOf, turn } from '../testing/scripted-handler.ts';

/** A command that starts or is answered takes so much of a turn. */
const WORK_MS = 0.125;
const PER_TURN = TURN_BUDGET_MS / WORK_MS;
const CALLS = 200;

/** A dispatcher with a clock that moves by its work only, and turns that the test begins. */
function createFlood() {
  const done: string[] = [];
  const pending: { readonly key: string; readonly receiver: ApiCallReceiver }[] = [];
  const turns: (() => void)[] = [];
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: () => new Promise(() => undefined) };
  const work = (what: string): void => {
    nowMs += WORK_MS;
    done.push(what);
  };
  const apiClient: ApiClient = {
    call: (_request, apiKey, receiver) => {
      done.push(`call ${apiKey}`);
      pending.push({ key: apiKey, receiver });
      return { abort: () => undefined };
    },
    close: async () => undefined,
  };
  const known = createInMemoryLedger();
  const ledger: DeliveryLedger = {
    ...known,
    lookup: (commandId) => {
      work('start');
      return known.lookup(commandId);
    },
    record: (delivery) => {
      work('answer');
      return known.record(delivery);
    },
  };
  const inNextTurn = (run: () => void): void => void turns.push(run);
  const handler = createHandler({ apiClient, ledger, clock, inNextTurn, maxConcurrentCalls: CALLS });
  const processor = handler.processorOf(createSession([]));
  let offset = 0n;
  const recordsFrom = (connectorId: string, count: number): ConsumedRecord[] =>
    Array.from({ length: count }, () => {
      offset += 1n;
      const messageId = `${connectorId}-${offset}`;
      return recordOf(upsertUser({ connectorId, messageId, userId: messageId }), offset, messageId);
    });
  return {
    done,
    recordsFrom,
    arrive: (records: readonly ConsumedRecord[]) => processor.enqueue(records, offset + 1n),
    /** All answers that are due arrive together, as the sockets are read, and then the next turn begins. */
    nextTurn: async () => {
      for (const { receiver } of pending.splice(0)) receiver.onOutcome(answer(200));
      for (const run of turns.splice(0)) run();
      await turn();
    },
    /** The schema is looked up, and both connectors are known. */
    warmUp: async () => {
      for (const connectorId of ['quiet', 'acme']) {
        processor.enqueue(recordsFrom(connectorId, 1), offset + 1n);
        await turn();
      }
    },
  };
}

/** What was done from there until the quiet connector was called. */
function workBeforeCall(done: readonly string[], from: number): number {
  const call = done.indexOf('call key-of-quiet', from);
  assert.ok(call >= 0, 'the quiet connector was not called');
  return done.slice(from, call).filter((what) => !what.startsWith('call')).length;
}

test('a command that comes with a flood is called for after a turn of it, whatever the size of the flood', async () => {
  const counts: number[] = [];
  for (const flood of [100, 2_000, 20_000]) {
    const { done, arrive, recordsFrom, warmUp, nextTurn } = createFlood();
    await warmUp();
    await nextTurn();
    await nextTurn();
    const from = done.length;
    arrive([...recordsFrom('acme', flood), ...recordsFrom('quiet', 1)]);
    counts.push(workBeforeCall(done, from));
  }
  assert.deepEqual(counts, [PER_TURN + 1, PER_TURN + 1, PER_TURN + 1]);
});

test('a command that comes while thousands of a flood wait, start and are answered waits for none of them', async () => {
  const { done, arrive, recordsFrom, warmUp, nextTurn } = createFlood();
  await warmUp();
  arrive(recordsFrom('acme', 5_000));
  for (let round = 0; round < 50; round += 1) {
    await nextTurn();
    const from = done.length;
    arrive(recordsFrom('quiet', 1));
    assert.equal(workBeforeCall(done, from), 1, 'nothing but its own start');
  }
  assert.ok(done.filter((what) => what === 'answer').length < 5_000, 'the flood was over before');
});

test('no turn does more of a flood than its budget allows, and the flood is worked off all the same', async () => {
  const { done, arrive, recordsFrom, warmUp, nextTurn } = createFlood();
  await warmUp();
  arrive(recordsFrom('acme', 1_000));
  for (let rounds = 0; done.filter((what) => what === 'answer').length < 1_002; rounds += 1) {
    assert.ok(rounds < 1_000, 'the flood does not end');
    const before = done.length;
    await nextTurn();
    const worked = done.slice(before).filter((what) => !what.startsWith('call')).length;
    assert.ok(worked <= 2 * PER_TURN + 1, `${worked} pieces of work in a turn`);
  }
});
