import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { commandId } from '@astrolabe/schemas';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { upsertUser } from '../testing/commands.ts';
import { answer } from '../testing/scripted-api.ts';
import {
  createHandler,
  createSession,
  encoder,
  rawRecord,
  recordOf,
  turn,
  unavailable,
} from '../testing/scripted-handler.ts';

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
  const { script, clock, run, countsOf, deadLetters } = createHandler();
  script.push(answer(503), answer(429, {}, { 'retry-after': '2' }), answer(409, { code: 'idempotency-key-in-use' }));
  const running = run(recordOf(upsertUser()));
  const pauses = [];
  for (let attempt = 0; attempt < 3; attempt += 1) pauses.push(await clock.advanceToNextSleep());
  await running;
  assert.deepEqual(pauses, [100, 2_200, 400]);
  assert.deepEqual(await countsOf('retries'), ['acme in-progress 1', 'acme rate-limited 1', 'acme server-error 1']);
  assert.deepEqual(deadLetters(), []);
});

test('a rejected command is done only once its dead letter is stored, with the cause and what was tried', async () => {
  const { effects, script, clock, run, deadLetters, countsOf } = createHandler();
  script.push(answer(503), answer(400, { title: 'No', detail: 'the id is empty' }));
  const record = recordOf(upsertUser(), 7n);
  const running = run(record);
  await clock.advanceToNextSleep();
  await running;
  assert.deepEqual(effects.slice(2), ['dead letter stored', 'done 7']);
  const [deadLetter] = deadLetters();
  assert.ok(deadLetter);
  assert.deepEqual([deadLetter.key, deadLetter.value, deadLetter.partition], [record.key, record.value, 2]);
  const causes = ['dlq.code', 'dlq.message', 'dlq.offset', 'dlq.group', 'dlq.delivery.count', 'dlq.status'] as const;
  assert.deepEqual(
    causes.map((name) => headerText(deadLetter, name)),
    ['api.rejected', 'status 400: No: the id is empty', '7', 'dispatcher', '2', '400'],
  );
  assert.equal(headerText(deadLetter, 'dlq.first.attempt.at'), '2025-11-24T10:30:01.500Z');
  assert.equal(headerText(deadLetter, 'dlq.last.attempt.at'), '2025-11-24T10:30:01.600Z');
  assert.equal(headerText(deadLetter, 'dlq.at'), '2025-11-24T10:30:01.600Z');
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
  const { script, clock, run, deadLetters } = createHandler();
  script.push(...Array.from({ length: 1_000 }, () => answer(500)));
  const running = run(recordOf(upsertUser()));
  let waitedMs = 0;
  while (deadLetters().length === 0) waitedMs += await clock.advanceToNextSleep();
  await running;
  assert.ok(waitedMs <= 60_000 && waitedMs > 59_000);
  const [deadLetter] = deadLetters();
  assert.ok(deadLetter);
  assert.equal(headerText(deadLetter, 'dlq.code'), 'api.retries-exhausted');
});

test('a refused key halts: the command waits for as long as it takes, and goes on when the key works', async () => {
  const { effects, script, clock, run, isHalted, deadLetters } = createHandler();
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
  assert.deepEqual(deadLetters(), []);
});

test('while a key is refused one command at a time is called for, and the others go on behind it in their order', async () => {
  const { effects, script, clock, run } = createHandler();
  script.push(...Array.from({ length: 3 }, () => answer(401)));
  const all = ['a', 'b', 'c'].map((userId, index) =>
    run(recordOf(upsertUser({ userId, messageId: userId }), BigInt(index), userId)),
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
  const { script, clock, run, deadLetters } = createHandler();
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
  assert.deepEqual(deadLetters(), []);
});

test('a record that is not a command is dead-lettered at once, without a call', async () => {
  const { effects, run, deadLetters, countsOf } = createHandler();
  await run(rawRecord(Buffer.from('{"not":"avro"}'), 1n));
  await run(rawRecord(Buffer.from([0, 0, 0, 0, 99, 1]), 2n));
  await run(rawRecord(encoder.encode(upsertUser()).subarray(0, 20), 3n));
  await run(rawRecord(null, 4n));
  assert.deepEqual(
    deadLetters().map((deadLetter) => headerText(deadLetter, 'dlq.code')),
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
  const { effects, run, deadLetters } = createHandler();
  await run(recordOf(upsertUser({ connectorId: 'gone' })));
  await run(recordOf(upsertUser({ connectorId: 'off', messageId: 'b' }), 1n));
  assert.deepEqual(
    deadLetters().map((deadLetter) => [
      headerText(deadLetter, 'dlq.code'),
      headerText(deadLetter, 'dlq.delivery.count'),
    ]),
    [
      ['command.connector-unknown', undefined],
      ['command.connector-disabled', undefined],
    ],
  );
  assert.ok(!effects.some((effect) => effect.startsWith('call')));
});

test('a key that is rotated takes effect with the next call, and a halted connector goes on with it', async () => {
  const { script, keys, clock, run, isHalted, deadLetters, editAcme } = createHandler();
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
  assert.deepEqual(deadLetters(), []);
});

test('a call that had to wait for its turn is made with the key of the moment', async () => {
  const { script, keys, run, editAcme } = createHandler({ maxConcurrentCalls: 1 });
  script.push('hang');
  const over = new AbortController();
  const first = run(recordOf(upsertUser({ userId: 'a' }), 0n), over.signal);
  const second = run(recordOf(upsertUser({ userId: 'b', messageId: 'b' }), 1n));
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
  const waiting = run(recordOf(upsertUser({ userId: 'b', messageId: 'b' }), 1n));
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
    const { script, keys, clock, run, isHalted, deadLetters, editAcme } = createHandler();
    script.push(answer(401));
    const running = run(recordOf(upsertUser()));
    await clock.untilSleeping();
    editAcme(edit);
    await running;
    assert.equal(keys.length, 1);
    assert.deepEqual(
      deadLetters().map((deadLetter) => [
        headerText(deadLetter, 'dlq.code'),
        headerText(deadLetter, 'dlq.delivery.count'),
      ]),
      [[code, '1']],
    );
    assert.ok(!isHalted());
  });
}

test('a command of a connector that nobody has is a dead letter without a limiter or a metric of its own, however long its id', async () => {
  const { keys, run, deadLetters, ledger, scheduler, metrics } = createHandler();
  for (const [index, connectorId] of ['stranger', 'x'.repeat(200_000)].entries()) {
    await run(recordOf(upsertUser({ connectorId, messageId: `c${index}` }), BigInt(index)));
    assert.equal(ledger.lookup(commandId(connectorId, `c${index}`, 'UpsertUser'))?.outcome, 'dead-lettered');
  }
  assert.deepEqual(keys, []);
  assert.deepEqual([...scheduler.limiters()], []);
  assert.deepEqual(
    deadLetters().map((deadLetter) => headerText(deadLetter, 'dlq.code')),
    ['command.connector-unknown', 'command.connector-unknown'],
  );
  const { values } = await metrics.commands.get();
  assert.deepEqual(
    values.map(({ labels, value }) => [labels.connector, value]),
    [['unknown', 2]],
  );
});

test('calls of a connector are bounded, and a command that pauses holds no place among them', async () => {
  const { effects, script, clock, run } = createHandler({ maxConcurrentCalls: 1 });
  script.push(answer(503));
  const first = run(recordOf(upsertUser({ userId: 'a' }), 0n));
  const second = run(recordOf(upsertUser({ userId: 'b', messageId: 'b' }), 1n));
  await second;
  assert.deepEqual(effects.slice(-1), ['done 1']);
  await clock.advanceToNextSleep();
  await first;
});

test('when its session ends a command is abandoned in the middle of a call, of a pause, and of the wait for a place', async () => {
  for (const scripted of ['hang', answer(503), answer(401)] as const) {
    const { effects, script, run, deadLetters, countsOf } = createHandler({ maxConcurrentCalls: 1 });
    script.push(scripted, scripted);
    const over = new AbortController();
    const running = run(recordOf(upsertUser()), over.signal);
    const waiting = run(recordOf(upsertUser({ messageId: 'b' }), 1n), over.signal);
    await turn();
    const reason = new Error('partition lost');
    over.abort(reason);
    await assert.rejects(running, reason);
    await assert.rejects(waiting, reason);
    assert.ok(!effects.some((effect) => effect.startsWith('done')));
    assert.deepEqual([deadLetters(), await countsOf('commands')], [[], []]);
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
  const { run, log, script, deadLetters } = createHandler();
  const fault = new PipelineError('kafka.request-refused', 'not authorized', { retryable: false });
  log.failWith(fault);
  script.push(answer(400));
  await assert.rejects(run(recordOf(upsertUser())), fault);
  assert.deepEqual(deadLetters(), []);
});

test('in its lane a command waits for the one before it, other lanes go on, and nothing is committed past the one that waits', async () => {
  const { effects, script, clock, processorOf } = createHandler();
  const session = createSession(effects);
  const processor = processorOf(session);
  script.push(answer(503));
  const command = (userId: string, messageId: string) => upsertUser({ userId, messageId });
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
    [recordOf(upsertUser({ messageId: 'a-1' }), 0n), recordOf(upsertUser({ messageId: 'a-2' }), 1n)],
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
  const { script, run, deadLetters, ledger, effects } = createHandler();
  script.push(answer(400));
  await run(recordOf(upsertUser(), 4n));
  await run(recordOf(upsertUser(), 4n));
  assert.equal(deadLetters().length, 1);
  assert.deepEqual(
    ledger.deliveries.map(({ outcome, offset }) => `${outcome} ${offset}`),
    ['dead-lettered 4'],
  );
  await run(recordOf(upsertUser(), 9n));
  assert.deepEqual(effects.slice(-3), ['call PUT /v1/users/u', 'effect of PUT /v1/users/u', 'done 9']);
});

test('a dead letter that dies each time it is sent in again makes a call for each, and none when the whole topic is read again', async () => {
  const { script, run, deadLetters, effects, countsOf } = createHandler();
  const sentIn = (offset: bigint): ConsumedRecord => {
    const record = recordOf(upsertUser(), offset);
    return { ...record, headers: { ...record.headers, ...toHeaders({ 'redrive-from': `dlq:2:${offset}` }) } };
  };
  const topic = [recordOf(upsertUser(), 4n), sentIn(9n), sentIn(12n)];
  script.push(answer(400), answer(400), answer(400));
  for (const record of topic) await run(record);
  const calls = () => effects.filter((effect) => effect.startsWith('call')).length;
  assert.deepEqual([calls(), deadLetters().length], [3, 3]);
  for (const record of topic) await run(record);
  assert.deepEqual([calls(), deadLetters().length], [3, 3]);
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

for (const jumpMs of [-3_600_000, 3_600_000]) {
  const jumped = jumpMs < 0 ? 'back' : 'forward';

  test(`a wall clock that is set ${jumped} neither holds a repetition back nor uses up the budget of a command`, async () => {
    const { effects, script, clock, run, deadLetters } = createHandler();
    script.push(answer(503), answer(503));
    const running = run(recordOf(upsertUser()));
    await clock.untilSleeping();
    clock.jump(jumpMs);
    assert.equal(await clock.advanceToNextSleep(), 100);
    clock.jump(jumpMs);
    assert.equal(await clock.advanceToNextSleep(), 200);
    await running;
    assert.deepEqual(effects.slice(-2), ['effect of PUT /v1/users/u', 'done 0']);
    assert.deepEqual(deadLetters(), []);
  });
}

test('a dead letter tells the times of its attempts by the wall clock', async () => {
  const { script, clock, run, deadLetters } = createHandler();
  script.push(answer(503), answer(400));
  const firstAtMs = clock.nowMs();
  const running = run(recordOf(upsertUser()));
  await clock.advanceToNextSleep();
  await running;
  const timeOf = (name: 'dlq.first.attempt.at' | 'dlq.last.attempt.at') =>
    headerText(deadLetters()[0] ?? assert.fail('no dead letter'), name);
  assert.equal(timeOf('dlq.first.attempt.at'), new Date(firstAtMs).toISOString());
  assert.equal(timeOf('dlq.last.attempt.at'), new Date(firstAtMs + 100).toISOString());
});

for (const [what, failure, cause, fields] of [
  [
    'nobody listens',
    { kind: 'no-response', reason: 'connection', code: 'ECONNREFUSED', message: 'ECONNREFUSED: connect 10.0.0.1:443' },
    'refused',
    { reason: 'ECONNREFUSED: connect 10.0.0.1:443' },
  ],
  [
    'it answers that it cannot',
    answer(503, { title: 'Maintenance', detail: 'back at noon' }),
    'status-503',
    { status: 503, reason: 'status 503: Maintenance: back at noon' },
  ],
  ['it refuses the key', answer(401, { title: 'Unknown key' }), 'status-401', { status: 401 }],
] as const) {
  test(`an API is reported once when its circuit opens, with the cause, and once when it closes: ${what}`, async () => {
    const { script, clock, run, lines, countsOf } = createHandler({ failuresToOpen: 2 });
    script.push(failure, failure, failure);
    const running = run(recordOf(upsertUser()));
    while (script.length > 0) await clock.advanceToNextSleep();
    await clock.advance(60_000);
    await running;
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const circuits = told.filter(({ msg }) => String(msg).startsWith('circuit'));
    assert.equal(circuits.length, 2);
    const [opened, closed] = circuits;
    assert.match(String(opened?.['msg']), /^circuit opened: /);
    assert.deepEqual({ ...opened, ...fields, connectorId: 'acme', cause }, opened);
    assert.deepEqual(
      [closed?.['msg'], closed?.['connectorId']],
      ["circuit closed: calls to the connector's API resumed", 'acme'],
    );
    assert.deepEqual(await countsOf('failedCalls'), [`acme ${cause} 3`]);
  });
}
