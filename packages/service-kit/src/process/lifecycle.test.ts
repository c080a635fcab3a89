import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PipelineError } from '../errors/errors.ts';
import type { ServiceStack } from './lifecycle.ts';
import { runTestService as run } from './run-test-service.ts';

const deferTwo = (stack: ServiceStack, effects: string[]) => {
  stack.defer('the producer', async () => {
    await turn();
    effects.push('producer stopped');
  });
  stack.defer('the consumer', async () => {
    await turn();
    effects.push('consumer stopped');
  });
  return Promise.resolve();
};

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} runs the stops in reverse, one after the other, and exits with 0`, async () => {
    const service = run(deferTwo);
    await turn();
    service.signals.emit(signal);
    await service.exited;
    assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 0']);
    assert.deepEqual(service.messages(), ['info: mapper starting', 'info: mapper stopping', 'info: mapper stopped']);
    assert.deepEqual(service.clock.remainingSleepsMs(), []);
  });
}

test('readiness begins after the start, follows the checks and ends with the first signal', async () => {
  const opened = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const service = run(async (stack) => {
    stack.defer('the consumer', () => released.promise);
    await opened.promise;
  });
  const stack = await service.stack;
  assert.deepEqual(stack.isReady(), { ready: false, reasons: ['starting'] });
  opened.resolve();
  await turn();
  assert.deepEqual(stack.isReady(), { ready: true, reasons: [] });
  let reason: string | undefined = 'no partitions';
  stack.addReadinessCheck(() => reason);
  assert.deepEqual(stack.isReady(), { ready: false, reasons: ['no partitions'] });
  reason = undefined;
  assert.equal(stack.isReady().ready, true);
  service.signals.emit('SIGTERM');
  assert.deepEqual(stack.isReady(), { ready: false, reasons: ['stopping'] });
  assert.equal(stack.signal.aborted, true);
  released.resolve();
  await service.exited;
});

test('readiness says what the start waits for, and why, until it is available', async () => {
  let isThere = false;
  const service = run(async (stack) => {
    await stack.waitFor('the registry', () => {
      if (isThere) return Promise.resolve();
      return Promise.reject(new PipelineError('registry.unavailable', 'connection refused', { retryable: true }));
    });
  });
  const stack = await service.stack;
  await turn();
  assert.deepEqual(stack.isReady(), { ready: false, reasons: ['waiting for the registry: connection refused'] });
  isThere = true;
  await service.clock.advance(10_000);
  await turn();
  assert.deepEqual(stack.isReady(), { ready: true, reasons: [] });
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['exit 0']);
});

test('a wait for something that will never be available ends with the fault', async () => {
  const service = run((stack) =>
    stack.waitFor('the schemas', () =>
      Promise.reject(new PipelineError('registry.schema-missing', 'not registered', { retryable: false })),
    ),
  );
  await service.exited;
  assert.deepEqual(service.effects, ['exit 1']);
});

test('a fault is logged, stops everything in reverse and exits with 1', async () => {
  const service = run(deferTwo);
  const error = new PipelineError('kafka.consumer-crashed', 'gone', { retryable: false });
  (await service.stack).fail(error);
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 1']);
  assert.deepEqual(service.messages(), ['info: mapper starting', 'fatal: mapper cannot go on', 'info: mapper stopped']);
  assert.equal((service.lines[1]?.['err'] as { code: string }).code, 'kafka.consumer-crashed');
});

test('a start that fails stops what it had started and exits with 1', async () => {
  const service = run(async (stack, effects) => {
    await deferTwo(stack, effects);
    throw new Error('port taken');
  });
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 1']);
});

test('a start that throws before its first await is a fault as well', async () => {
  const service = run(() => {
    throw new Error('no such file');
  });
  await service.exited;
  assert.deepEqual(service.effects, ['exit 1']);
});

test('an uncaught exception is a fault', async () => {
  const service = run(deferTwo);
  await turn();
  service.signals.emit('uncaughtException', new TypeError('x is undefined'), 'uncaughtException');
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 1']);
  assert.equal((service.lines[1]?.['err'] as { type: string }).type, 'TypeError');
});

test('a signal during a waiting start ends the wait and exits with 0', async () => {
  const service = run(async (stack, effects, clock) => {
    stack.defer('the admin server', () => Promise.resolve(void effects.push('admin server stopped')));
    await clock.sleep(10_000, stack.signal);
    effects.push('started');
  });
  await service.clock.untilSleeping();
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['admin server stopped', 'exit 0']);
});

test('what a start opens after the stop began is stopped too', async () => {
  const connected = Promise.withResolvers<void>();
  const service = run(async (stack, effects) => {
    await connected.promise;
    stack.defer('the consumer', () => Promise.resolve(void effects.push('consumer stopped')));
  });
  await service.stack;
  service.signals.emit('SIGTERM');
  connected.resolve();
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'exit 0']);
});

test('a start that fails for another reason than the stop is a fault even while stopping', async () => {
  const connected = Promise.withResolvers<void>();
  const service = run(() => connected.promise);
  await service.stack;
  service.signals.emit('SIGTERM');
  connected.reject(new TypeError('x is undefined'));
  await service.exited;
  assert.deepEqual(service.effects, ['exit 1']);
});

test('a stop that fails is logged, the others still run, and the exit code is 1', async () => {
  const service = run(async (stack, effects) => {
    await deferTwo(stack, effects);
    stack.defer('the ledger', () => Promise.reject(new Error('disk full')));
  });
  await turn();
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 1']);
  assert.ok(service.messages().includes('error: could not stop the ledger'));
});

test('a fault while stopping runs no stop twice and makes the exit code 1', async () => {
  const service = run(async (stack, effects) => {
    await deferTwo(stack, effects);
    stack.defer('the loop', () => Promise.resolve(stack.fail(new Error('late'))));
  });
  await turn();
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 1']);
});

test('a stop that hangs is named when the deadline passes, and the exit code is 1', async () => {
  const service = run(async (stack, effects) => {
    await deferTwo(stack, effects);
    stack.defer('the lanes', () => new Promise(() => {}));
  });
  await turn();
  service.signals.emit('SIGTERM');
  await service.clock.advance(19_999);
  assert.deepEqual(service.effects, []);
  await service.clock.advance(1);
  await service.exited;
  assert.deepEqual(service.effects, ['exit 1']);
  const line = service.lines.find(({ level }) => level === 'error');
  assert.ok(line);
  assert.equal(line['msg'], 'mapper did not stop within 20000 ms: the lanes hangs');
  const { code, details } = line['err'] as { code: string; details: unknown };
  assert.equal(code, 'service.shutdown-deadline');
  assert.deepEqual(details, { step: 'the lanes', notStopped: ['the consumer', 'the producer'] });
});

test('a start that ignores the stop is ended by the deadline', async () => {
  const service = run(() => new Promise(() => {}));
  await service.stack;
  service.signals.emit('SIGTERM');
  await service.clock.advance(20_000);
  await service.exited;
  assert.deepEqual(service.effects, ['exit 1']);
});

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a second signal, ${signal}, exits at once with ${exitCode}`, async () => {
    const service = run((stack) => Promise.resolve(stack.defer('the lanes', () => new Promise(() => {}))));
    await turn();
    service.signals.emit('SIGTERM');
    await service.clock.advance(251);
    service.signals.emit(signal);
    await service.exited;
    assert.deepEqual(service.effects, [`exit ${exitCode}`]);
  });
}

test('the same Ctrl-C forwarded by a parent process does not cut the stop short', async () => {
  const service = run(deferTwo);
  await turn();
  service.signals.emit('SIGINT');
  service.signals.emit('SIGINT');
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['consumer stopped', 'producer stopped', 'exit 0']);
});

test('no listener is left behind', async () => {
  const service = run(deferTwo);
  await turn();
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.signals.eventNames(), []);
});
