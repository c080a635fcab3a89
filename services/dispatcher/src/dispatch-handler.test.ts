import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createCommandDecoder,
  createCommandEncoder,
  createInMemoryLog,
  createLaneProcessor,
  headerText,
  toHeaders,
  type ConsumedRecord,
  type PartitionSession,
  type RecordProducer,
} from '@astrolabe/kafka';
import { commandKinds, commandTypes, type Command } from '@astrolabe/schemas';
import {
  PipelineError,
  createConnectorDirectory,
  createLogger,
  createManualClock,
  createMetrics,
  type Connector,
} from '@astrolabe/service-kit';
import type { ApiClient } from './api-client.ts';
import type { ApiRequest } from './core/api-request.ts';
import type { ApiOutcome } from './core/classify-response.ts';
import { connectorOf, laneOf } from './core/lane-of.ts';
import { createInMemoryLedger } from './delivery-ledger.ts';
import { Dispatch } from './dispatch.ts';
import { DispatchHandler } from './dispatch-handler.ts';
import { createDispatcherMetrics } from './dispatcher-metrics.ts';
import { receivedAtMs, upsertUser } from './testing/commands.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const schemaIds = new Map(commandKinds.map((kind, index) => [kind, index + 1]));
const encoder = createCommandEncoder(schemaIds);
const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

type Answer = ApiOutcome | 'effect, then lost' | 'hang';

function answer(status: number, body: object = {}, headers: Record<string, string> = {}): ApiOutcome {
  return { kind: 'response', status, headers, body: JSON.stringify(body) };
}

/** The API in memory: scripted answers, else it carries out each key once, as the contract has it. */
function createScriptedApi(effects: string[]) {
  const script: Answer[] = [];
  const executed = new Set<string>();
  const keys: string[] = [];
  const execute = (key: string, call: string): ApiOutcome => {
    if (executed.has(key)) return answer(200, { result: 'applied' }, { 'idempotency-replayed': 'true' });
    executed.add(key);
    effects.push(`effect of ${call}`);
    return answer(200, { result: 'applied' });
  };
  const outcomeOf = ({ method, path, idempotencyKey = '' }: ApiRequest): ApiOutcome | undefined => {
    const call = `${method} ${path}`;
    const scripted = script.shift();
    if (scripted === 'hang') return undefined;
    if (scripted === 'effect, then lost') {
      execute(idempotencyKey, call);
      return { kind: 'no-response', reason: 'connection', message: 'other side closed' };
    }
    return scripted ?? execute(idempotencyKey, call);
  };
  const client: ApiClient = {
    call: (request, apiKey, receiver) => {
      effects.push(`call ${request.method} ${request.path}`);
      keys.push(apiKey);
      const outcome = outcomeOf(request);
      let aborted = false;
      queueMicrotask(() => {
        if (outcome !== undefined && !aborted) receiver.onOutcome(outcome);
      });
      return {
        abort: () => {
          aborted = true;
        },
      };
    },
    close: async () => undefined,
  };
  return { client, script, keys };
}

/** A handler with each of its effects, and the end of each record, in order. */
function createHandler(options: { maxConcurrentCalls?: number; decoderFault?: () => PipelineError | undefined } = {}) {
  const effects: string[] = [];
  const api = createScriptedApi(effects);
  const log = createInMemoryLog();
  const deadLetters: RecordProducer = {
    send: async (topic, records) => {
      const positions = await log.send(topic, records);
      effects.push('dead letter stored');
      return positions;
    },
    close: () => log.close(),
  };
  const clock = createManualClock(receivedAtMs + 1_500);
  const ledger = createInMemoryLedger();
  const connector = { name: 'Acme', writeKeys: [], freeEmailProviders: 'allow' as const };
  const acme: Connector = { ...connector, id: 'acme', apiKey: 'key-of-acme', enabled: true };
  const off: Connector = { ...connector, id: 'off', apiKey: 'key-of-off', enabled: false };
  let connectors = createConnectorDirectory([acme, off]);
  const logger = createLogger({ name: 'dispatcher', level: 'silent' });
  const registry = createMetrics({ service: 'dispatcher' });
  const metrics = createDispatcherMetrics(registry);
  const calls = options.maxConcurrentCalls ?? 10;
  const concurrencyOf = (limit: number) => ({ floor: limit, initial: limit, ceiling: limit });
  const dispatch = new Dispatch({
    apiClient: api.client,
    connectors: () => connectors,
    policyOf: (connectorId) => ({
      concurrency: concurrencyOf(connectors.byId(connectorId)?.delivery?.maxConcurrentCalls ?? calls),
      callsPerSecond: 0,
      failing: { failuresToOpen: 1_000_000, pauseMs: 1_000, maxPauseMs: 8_000 },
      halted: { failuresToOpen: 1, pauseMs: 4_000, maxPauseMs: 4_000 },
      bulk: undefined,
    }),
    maxCalls: 1_000,
    maxRetryAfterMs: 30_000,
    clock,
    random: () => 0.5,
    logger,
    metrics,
  });
  const handlerOf = (session: PartitionSession) =>
    new DispatchHandler({
      dispatch,
      session,
      ledger,
      decoder: createCommandDecoder({
        schemaById: async (id) => {
          const fault = options.decoderFault?.();
          if (fault !== undefined) throw fault;
          const kind = commandKinds[id - 1];
          return kind === undefined ? undefined : { kind: 'avro', type: commandTypes[kind] };
        },
      }),
      deadLetters,
      deadLetterTopic: 'dlq',
      groupId: 'dispatcher',
      policy: { baseMs: 200, maxMs: 1_000, budgetMs: 60_000, maxRetryAfterMs: 30_000 },
      clock,
      random: () => 0.5,
      logger,
      metrics,
    });
  const processorOf = (session: PartitionSession) =>
    createLaneProcessor({
      session,
      laneOf,
      groupOf: connectorOf,
      handler: handlerOf(session),
      limits: {
        maxRecords: 100,
        maxBytes: 1_000_000,
        windowRecords: 10,
        windowBytes: 1_000_000,
        maxHoldMs: Infinity,
        maxCrowdMs: Infinity,
      },
      nowMs: () => clock.nowMs(),
      restore: undefined,
      readPage: () => Promise.reject(new Error('nothing lags')),
    });
  /** Resolves when the record may be forgotten; rejects with the fault that stops the partition, or with the reason of the signal. */
  const run = (record: ConsumedRecord, signal = new AbortController().signal) => {
    const ended = Promise.withResolvers<void>();
    const session: PartitionSession = {
      topic: 'commands',
      partition: 2,
      epoch: 1,
      signal,
      markCommittable: () => {
        effects.push(`done ${record.offset}`);
        ended.resolve();
      },
      pause: () => undefined,
      resume: () => undefined,
      fail: (fault) => {
        ended.reject(fault);
      },
    };
    const processor = processorOf(session);
    signal.addEventListener('abort', () => {
      void processor.stop().then(() => {
        ended.reject(signal.reason);
      });
    });
    processor.enqueue([record], record.offset + 1n);
    return ended.promise;
  };
  const countsOf = async (metric: 'commands' | 'retries') => {
    const { values } = await metrics[metric].get();
    const labelsOf = (labels: object) =>
      Object.values(labels as Record<string, string>)
        .join(' ')
        .trimEnd();
    return values.map(({ labels, value }) => `${labelsOf(labels)} ${value}`).sort();
  };
  const isHalted = () => {
    const { circuit } = dispatch.gateOf('acme');
    return circuit.kind !== 'closed' && circuit.cause === 'halted';
  };
  const letters = () => log.records('dlq');
  /** What an edit of the connectors file makes of acme; undefined removes it. */
  const editAcme = (edit: Partial<Connector> | undefined) => {
    connectors = createConnectorDirectory(edit === undefined ? [off] : [{ ...acme, ...edit }, off]);
    dispatch.connectorsChanged();
  };
  return {
    effects,
    ...api,
    log,
    clock,
    processorOf,
    run,
    countsOf,
    isHalted,
    letters,
    editAcme,
    ledger,
    metrics,
    dispatch,
  };
}

function recordOf(command: Command, offset = 0n, key = 'u'): ConsumedRecord {
  return rawRecord(encoder.encode(command), offset, key);
}

function rawRecord(value: Buffer | null, offset = 0n, key = 'u'): ConsumedRecord {
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': 'm-1' });
  return { topic: 'commands', partition: 2, offset, timestampMs: 0, key: Buffer.from(key), value, headers };
}

test('a command is called once with the key of its connector, and done when the API has it', async () => {
  const { effects, keys, run, countsOf } = createHandler();
  await run(recordOf(upsertUser()));
  assert.deepEqual(effects, ['call PUT /v1/users/u', 'effect of PUT /v1/users/u', 'done 0']);
  assert.deepEqual(keys, ['key-of-acme']);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser delivered 1']);
});

test('an answer that was lost is asked for again: one effect, counted as a duplicate', async () => {
  const { effects, script, clock, run, countsOf } = createHandler();
  script.push('effect, then lost');
  const running = run(recordOf(upsertUser()));
  assert.equal(await clock.advanceToNextSleep(), 100);
  await running;
  assert.deepEqual(effects, ['call PUT /v1/users/u', 'effect of PUT /v1/users/u', 'call PUT /v1/users/u', 'done 0']);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser duplicate 1']);
  assert.deepEqual(await countsOf('retries'), ['acme connection 1']);
});

test('what may pass is repeated after growing pauses, those that the API asks for included', async () => {
  const { script, clock, run, countsOf, letters } = createHandler();
  script.push(answer(503), answer(429, {}, { 'retry-after': '2' }), answer(409, { code: 'idempotency-key-in-use' }));
  const running = run(recordOf(upsertUser()));
  const pauses = [];
  for (let attempt = 0; attempt < 3; attempt += 1) pauses.push(await clock.advanceToNextSleep());
  await running;
  assert.deepEqual(pauses, [100, 2_200, 400]);
  assert.deepEqual(await countsOf('retries'), ['acme in-progress 1', 'acme rate-limited 1', 'acme server-error 1']);
  assert.deepEqual(letters(), []);
});

test('a rejected command is done only once its dead letter is stored, with the cause and what was tried', async () => {
  const { effects, script, clock, run, letters, countsOf } = createHandler();
  script.push(answer(503), answer(400, { title: 'No', detail: 'the id is empty' }));
  const record = recordOf(upsertUser(), 7n);
  const running = run(record);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects.slice(2), ['dead letter stored', 'done 7']);
  const [letter] = letters();
  assert.ok(letter);
  assert.deepEqual([letter.key, letter.value, letter.partition], [record.key, record.value, 2]);
  const causes = ['dlq.code', 'dlq.message', 'dlq.offset', 'dlq.group', 'dlq.delivery.count', 'dlq.status'] as const;
  assert.deepEqual(
    causes.map((name) => headerText(letter, name)),
    ['api.rejected', 'status 400: No: the id is empty', '7', 'dispatcher', '2', '400'],
  );
  assert.equal(headerText(letter, 'dlq.first.attempt.at'), '2025-11-24T10:30:01.500Z');
  assert.equal(headerText(letter, 'dlq.last.attempt.at'), '2025-11-24T10:30:01.600Z');
  assert.equal(headerText(letter, 'dlq.at'), '2025-11-24T10:30:01.600Z');
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser dead-lettered api.rejected 1']);
});

test('a dead-letter topic that is away stalls the command: it is not done, and not counted', async () => {
  const { effects, script, log, clock, run, countsOf } = createHandler();
  log.failWith(unavailable);
  script.push(answer(400));
  const running = run(recordOf(upsertUser()));
  for (let attempt = 0; attempt < 5; attempt += 1) await clock.advanceToNextSleep();
  assert.deepEqual(effects, ['call PUT /v1/users/u']);
  assert.deepEqual(await countsOf('commands'), []);
  log.failWith(undefined);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects, ['call PUT /v1/users/u', 'dead letter stored', 'done 0']);
});

test('a command that fails for its whole budget is a dead letter that can be sent in again', async () => {
  const { script, clock, run, letters } = createHandler();
  script.push(...Array.from({ length: 1_000 }, () => answer(500)));
  const running = run(recordOf(upsertUser()));
  let waitedMs = 0;
  while (letters().length === 0) waitedMs += await clock.advanceToNextSleep();
  await running;
  assert.ok(waitedMs <= 60_000 && waitedMs > 59_000);
  const [letter] = letters();
  assert.ok(letter);
  assert.equal(headerText(letter, 'dlq.code'), 'api.retries-exhausted');
});

test('a refused key halts: the command waits for as long as it takes, and goes on when the key works', async () => {
  const { effects, script, clock, run, isHalted, letters } = createHandler();
  script.push(...Array.from({ length: 20 }, () => answer(401)));
  const running = run(recordOf(upsertUser()));
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await clock.untilSleeping();
    assert.ok(isHalted());
    const pauseMs = await clock.advanceToNextSleep();
    assert.ok(pauseMs >= 2_000 && pauseMs <= 4_000);
  }
  await running;
  assert.deepEqual(effects.slice(-2), ['effect of PUT /v1/users/u', 'done 0']);
  assert.ok(!isHalted());
  assert.deepEqual(letters(), []);
});

test('while a key is refused one command at a time is called for, and the others go on behind it in their order', async () => {
  const { effects, script, clock, run } = createHandler();
  script.push(...Array.from({ length: 3 }, () => answer(401)));
  const all = ['a', 'b', 'c'].map((userId, index) =>
    run(recordOf(upsertUser({ userId, commandId: userId }), BigInt(index), userId)),
  );
  await clock.untilSleeping();
  const before = effects.length;
  script.push(answer(401));
  await clock.advanceToNextSleep();
  assert.equal(effects.length, before + 1, 'one probe');
  await clock.advanceToNextSleep();
  await Promise.all(all);
  assert.equal(effects.filter((effect) => effect.startsWith('effect')).length, 3);
});

test('the wait for a key does not use up the budget of the command', async () => {
  const { script, clock, run, letters } = createHandler();
  script.push(...Array.from({ length: 100 }, () => answer(403)), answer(500));
  const running = run(recordOf(upsertUser()));
  const over = running.then(() => true);
  const awhile = async () => {
    await clock.advanceToNextSleep();
    await turn();
    return false;
  };
  for (let sleeps = 0; sleeps < 200; sleeps += 1) {
    if (await Promise.race([over, awhile()])) break;
  }
  await running;
  assert.deepEqual(letters(), []);
});

test('a record that is no command is a dead letter at once, without a call', async () => {
  const { effects, run, letters, countsOf } = createHandler();
  await run(rawRecord(Buffer.from('{"not":"avro"}'), 1n));
  await run(rawRecord(Buffer.from([0, 0, 0, 0, 99, 1]), 2n));
  await run(rawRecord(encoder.encode(upsertUser()).subarray(0, 20), 3n));
  await run(rawRecord(null, 4n));
  assert.deepEqual(
    letters().map((letter) => headerText(letter, 'dlq.code')),
    ['command.undecodable', 'command.unknown-schema', 'command.undecodable', 'command.undecodable'],
  );
  assert.ok(!effects.some((effect) => effect.startsWith('call')));
  assert.deepEqual(await countsOf('commands'), [
    'acme unknown dead-lettered command.undecodable 3',
    'acme unknown dead-lettered command.unknown-schema 1',
  ]);
});

test('a registry that is away is waited for, and its record never dead-lettered', async () => {
  let away = true;
  const fault = new PipelineError('registry.unavailable', 'connection refused', { retryable: true });
  const { effects, clock, run } = createHandler({ decoderFault: () => (away ? fault : undefined) });
  const running = run(recordOf(upsertUser()));
  for (let attempt = 0; attempt < 5; attempt += 1) await clock.advanceToNextSleep();
  assert.deepEqual(effects, []);
  away = false;
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects.at(-1), 'done 0');
});

test('a command of no connector, and one of a connector that is switched off, are dead letters that say so', async () => {
  const { effects, run, letters } = createHandler();
  await run(recordOf(upsertUser({ connectorId: 'gone' })));
  await run(recordOf(upsertUser({ connectorId: 'off', commandId: 'b' }), 1n));
  assert.deepEqual(
    letters().map((letter) => [headerText(letter, 'dlq.code'), headerText(letter, 'dlq.delivery.count')]),
    [
      ['command.connector-unknown', undefined],
      ['command.connector-disabled', undefined],
    ],
  );
  assert.ok(!effects.some((effect) => effect.startsWith('call')));
});

test('a key that is rotated takes effect with the next call, and a halted connector goes on with it', async () => {
  const { script, keys, clock, run, isHalted, letters, editAcme } = createHandler();
  script.push(answer(401), answer(503));
  const running = run(recordOf(upsertUser()));
  await clock.untilSleeping();
  assert.ok(isHalted());
  editAcme({ apiKey: 'key-2' });
  await turn();
  editAcme({ apiKey: 'key-3' });
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(keys, ['key-of-acme', 'key-2', 'key-3']);
  assert.ok(!isHalted());
  assert.deepEqual(letters(), []);
});

test('a call that had to wait for its turn is made with the key of the moment', async () => {
  const { script, keys, run, editAcme } = createHandler({ maxConcurrentCalls: 1 });
  script.push('hang');
  const over = new AbortController();
  const first = run(recordOf(upsertUser({ userId: 'a' }), 0n), over.signal);
  const second = run(recordOf(upsertUser({ userId: 'b', commandId: 'b' }), 1n));
  await turn();
  editAcme({ apiKey: 'key-2' });
  over.abort(new Error('partition lost'));
  await assert.rejects(first, /partition lost/);
  await second;
  assert.deepEqual(keys, ['key-of-acme', 'key-2']);
});

test('settings of a connector that are edited take effect at once, without an answer to wait for', async () => {
  const { effects, script, run, editAcme } = createHandler();
  editAcme({ delivery: { maxConcurrentCalls: 1 } });
  script.push('hang');
  const over = new AbortController();
  const hanging = run(recordOf(upsertUser({ userId: 'a' }), 0n), over.signal);
  const waiting = run(recordOf(upsertUser({ userId: 'b', commandId: 'b' }), 1n));
  await turn();
  assert.deepEqual(effects, ['call PUT /v1/users/a']);
  editAcme({ delivery: { maxConcurrentCalls: 2 } });
  await waiting;
  assert.deepEqual(effects.slice(1), ['call PUT /v1/users/b', 'effect of PUT /v1/users/b', 'done 1']);
  over.abort(new Error('partition lost'));
  await assert.rejects(hanging, /partition lost/);
});

for (const [edit, code] of [
  [undefined, 'command.connector-unknown'],
  [{ enabled: false }, 'command.connector-disabled'],
] as const) {
  test(`a halted connector that is ${edit === undefined ? 'removed' : 'switched off'} is halted no more, and its commands are dead letters`, async () => {
    const { script, keys, clock, run, isHalted, letters, editAcme } = createHandler();
    script.push(answer(401));
    const running = run(recordOf(upsertUser()));
    await clock.untilSleeping();
    editAcme(edit);
    await running;
    assert.equal(keys.length, 1);
    assert.deepEqual(
      letters().map((letter) => [headerText(letter, 'dlq.code'), headerText(letter, 'dlq.delivery.count')]),
      [[code, '1']],
    );
    assert.ok(!isHalted());
  });
}

test('calls of a connector are bounded, and a command that pauses holds no place among them', async () => {
  const { effects, script, clock, run } = createHandler({ maxConcurrentCalls: 1 });
  script.push(answer(503));
  const first = run(recordOf(upsertUser({ userId: 'a' }), 0n));
  const second = run(recordOf(upsertUser({ userId: 'b', commandId: 'b' }), 1n));
  await second;
  assert.deepEqual(effects.slice(-1), ['done 1']);
  await clock.advanceToNextSleep();
  await first;
});

test('when its session ends a command is abandoned in the middle of a call, of a pause, and of the wait for a place', async () => {
  for (const scripted of ['hang', answer(503), answer(401)] as const) {
    const { effects, script, run, letters, countsOf } = createHandler({ maxConcurrentCalls: 1 });
    script.push(scripted, scripted);
    const over = new AbortController();
    const running = run(recordOf(upsertUser()), over.signal);
    const waiting = run(recordOf(upsertUser({ commandId: 'b' }), 1n), over.signal);
    await turn();
    const reason = new Error('partition lost');
    over.abort(reason);
    await assert.rejects(running, reason);
    await assert.rejects(waiting, reason);
    assert.ok(!effects.some((effect) => effect.startsWith('done')));
    assert.deepEqual([letters(), await countsOf('commands')], [[], []]);
  }
});

test('when its session ends a command is abandoned in the middle of storing its dead letter', async () => {
  const { effects, script, log, run } = createHandler();
  const { release } = log.hold();
  script.push(answer(400));
  const over = new AbortController();
  const running = run(recordOf(upsertUser()), over.signal);
  await turn();
  const reason = new Error('partition lost');
  over.abort(reason);
  await assert.rejects(running, reason);
  assert.deepEqual(effects, ['call PUT /v1/users/u']);
  release();
});

test('what cannot be classified is a fault and no dead letter', async () => {
  const { run, log, script, letters } = createHandler();
  const fault = new PipelineError('kafka.request-refused', 'not authorized', { retryable: false });
  log.failWith(fault);
  script.push(answer(400));
  await assert.rejects(run(recordOf(upsertUser())), fault);
  assert.deepEqual(letters(), []);
});

/** A session that keeps what is declared committable among the other effects. */
function createSession(effects: string[]): PartitionSession & { faults: unknown[] } {
  const faults: unknown[] = [];
  return {
    topic: 'commands',
    partition: 2,
    epoch: 1,
    signal: new AbortController().signal,
    faults,
    markCommittable: (nextOffset) => void effects.push(`committable ${nextOffset}`),
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => void faults.push(fault),
  };
}

test('in its lane a command waits for the one before it, other lanes go on, and nothing is committed past the one that waits', async () => {
  const { effects, script, clock, processorOf } = createHandler();
  const session = createSession(effects);
  const processor = processorOf(session);
  script.push(answer(503));
  const command = (userId: string, commandId: string) => upsertUser({ userId, commandId });
  processor.enqueue(
    [
      recordOf(command('a', 'a-1'), 0n, 'a'),
      recordOf(command('b', 'b-1'), 1n, 'b'),
      recordOf(command('a', 'a-2'), 2n, 'a'),
    ],
    3n,
  );
  await clock.untilSleeping();
  await turn();
  assert.deepEqual(effects, ['call PUT /v1/users/a', 'call PUT /v1/users/b', 'effect of PUT /v1/users/b']);
  await clock.advanceToNextSleep();
  await processor.idle();
  assert.deepEqual(effects.slice(3), [
    'call PUT /v1/users/a',
    'effect of PUT /v1/users/a',
    'call PUT /v1/users/a',
    'effect of PUT /v1/users/a',
    'committable 2',
    'committable 3',
  ]);
  assert.deepEqual(session.faults, []);
});

test('the next command of a key starts with the answer to the one before it, and an offset waits for the ledger', async () => {
  const { effects, processorOf, ledger } = createHandler();
  const { release } = ledger.hold();
  const processor = processorOf(createSession(effects));
  processor.enqueue(
    [recordOf(upsertUser({ commandId: 'a-1' }), 0n), recordOf(upsertUser({ commandId: 'a-2' }), 1n)],
    2n,
  );
  await turn();
  assert.deepEqual(effects.filter((effect) => effect.startsWith('call')).length, 2);
  assert.ok(!effects.some((effect) => effect.startsWith('committable')));
  release();
  await processor.idle();
  assert.equal(effects.at(-1), 'committable 2');
});

test('what the ledger knows is done without a call, and not before the ledger has acknowledged it', async () => {
  const { effects, processorOf, ledger, countsOf } = createHandler();
  const { release } = ledger.hold();
  const processor = processorOf(createSession(effects));
  processor.enqueue([recordOf(upsertUser(), 0n), recordOf(upsertUser(), 1n)], 2n);
  await turn();
  assert.deepEqual(effects, ['call PUT /v1/users/u', 'effect of PUT /v1/users/u']);
  release();
  await processor.idle();
  processor.enqueue([recordOf(upsertUser(), 2n)], 3n);
  assert.equal(effects.at(-1), 'committable 3');
  assert.equal(effects.filter((effect) => effect.startsWith('call')).length, 1);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser delivered 1', 'acme UpsertUser duplicate ledger 2']);
});

test('a dead letter that is read again is not stored again, and one that was sent in again is tried again', async () => {
  const { script, run, letters, ledger, effects } = createHandler();
  script.push(answer(400));
  await run(recordOf(upsertUser(), 4n));
  await run(recordOf(upsertUser(), 4n));
  assert.equal(letters().length, 1);
  assert.deepEqual(
    ledger.deliveries.map(({ outcome, offset }) => `${outcome} ${offset}`),
    ['dead-lettered 4'],
  );
  await run(recordOf(upsertUser(), 9n));
  assert.deepEqual(effects.slice(-3), ['call PUT /v1/users/u', 'effect of PUT /v1/users/u', 'done 9']);
});

test('a dead letter that dies each time it is sent in again makes a call for each, and none when the whole topic is read again', async () => {
  const { script, run, letters, effects, countsOf } = createHandler();
  const sentIn = (offset: bigint): ConsumedRecord => {
    const record = recordOf(upsertUser(), offset);
    return { ...record, headers: { ...record.headers, ...toHeaders({ 'redrive-from': `dlq:2:${offset}` }) } };
  };
  const topic = [recordOf(upsertUser(), 4n), sentIn(9n), sentIn(12n)];
  script.push(answer(400), answer(400), answer(400));
  for (const record of topic) await run(record);
  const calls = () => effects.filter((effect) => effect.startsWith('call')).length;
  assert.deepEqual([calls(), letters().length], [3, 3]);
  for (const record of topic) await run(record);
  assert.deepEqual([calls(), letters().length], [3, 3]);
  assert.deepEqual(await countsOf('commands'), [
    'acme UpsertUser dead-lettered api.rejected 3',
    'acme UpsertUser duplicate ledger 3',
  ]);
  await run(sentIn(15n));
  await run(sentIn(16n));
  assert.equal(calls(), 4, 'delivered at last, it is not called for again however it comes');
});

test('freshness is measured from the moment at which ingest took the event', async () => {
  const { run, metrics } = createHandler();
  await run(recordOf(upsertUser()));
  const { values } = await metrics.freshness.get();
  const sum = values.find(({ metricName }) => metricName === 'dispatcher_freshness_seconds_sum');
  assert.equal(sum?.value, 1.5);
});
