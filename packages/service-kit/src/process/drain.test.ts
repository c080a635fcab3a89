import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ManualClock } from '../clock/manual-clock.ts';
import type { ServiceStack } from './lifecycle.ts';
import { runTestService as run } from './run-test-service.ts';

/** A drain of a minute, unless its signal ends it, and one stop. */
const drainAMinute = (stack: ServiceStack, effects: string[], clock: ManualClock) => {
  stack.defer('the server', () => Promise.resolve(void effects.push('server stopped')));
  stack.addDrain('the server', async (signal) => {
    effects.push('draining');
    await clock.sleep(60_000, signal).catch(() => undefined);
    effects.push(signal.aborted ? 'drain cut short' : 'drained');
  });
  return Promise.resolve();
};

test('SIGTERM drains before the first stop: not ready, and nothing else changes until the drain is over', async () => {
  const service = run(drainAMinute);
  const stack = await service.stack;
  await turn();
  service.signals.emit('SIGTERM');
  await service.clock.untilSleeping();
  assert.deepEqual(stack.isReady(), { ready: false, reasons: ['draining'] });
  assert.equal(stack.signal.aborted, false);
  await service.clock.advance(60_000);
  await service.exited;
  assert.deepEqual(service.effects, ['draining', 'drained', 'server stopped', 'exit 0']);
  assert.deepEqual(service.messages(), ['info: mapper starting', 'info: mapper draining', 'info: mapper stopped']);
});

test('a second signal ends the drain, and the stops still run', async () => {
  const service = run(drainAMinute);
  await turn();
  service.signals.emit('SIGTERM');
  await service.clock.untilSleeping();
  service.signals.emit('SIGTERM');
  assert.deepEqual(service.effects, ['draining'], 'the same request');
  await service.clock.advance(251);
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['draining', 'drain cut short', 'server stopped', 'exit 0']);
});

test('after a drain that was cut short, a further signal ends the process at once', async () => {
  const service = run(async (stack, effects, clock) => {
    await drainAMinute(stack, effects, clock);
    stack.defer('the lanes', () => new Promise(() => {}));
  });
  await turn();
  service.signals.emit('SIGTERM');
  await service.clock.untilSleeping();
  await service.clock.advance(251);
  service.signals.emit('SIGTERM');
  await service.clock.advance(251);
  service.signals.emit('SIGTERM');
  await service.exited;
  assert.deepEqual(service.effects, ['draining', 'drain cut short', 'exit 143']);
});

test('the deadline for stopping begins when the drain is over', async () => {
  const service = run(async (stack, effects, clock) => {
    await drainAMinute(stack, effects, clock);
    stack.defer('the lanes', () => new Promise(() => {}));
  });
  await turn();
  service.signals.emit('SIGTERM');
  await service.clock.untilSleeping();
  await service.clock.advance(60_000);
  await turn();
  await service.clock.advance(19_999);
  assert.deepEqual(service.effects, ['draining', 'drained']);
  await service.clock.advance(1);
  await service.exited;
  assert.deepEqual(service.effects, ['draining', 'drained', 'exit 1']);
});

test('nothing is drained at the terminal, during the start, or after a fault, which ends a drain under way too', async () => {
  const interrupted = run(drainAMinute);
  await turn();
  interrupted.signals.emit('SIGINT');
  await interrupted.exited;
  assert.deepEqual(interrupted.effects, ['server stopped', 'exit 0']);

  const starting = run(async (stack, effects, clock) => {
    await drainAMinute(stack, effects, clock);
    await clock.sleep(10_000, stack.signal);
  });
  await starting.clock.untilSleeping();
  starting.signals.emit('SIGTERM');
  await starting.exited;
  assert.deepEqual(starting.effects, ['server stopped', 'exit 0']);

  const faulty = run(drainAMinute);
  await turn();
  faulty.signals.emit('SIGTERM');
  await faulty.clock.untilSleeping();
  (await faulty.stack).fail(new Error('gone'));
  await faulty.exited;
  assert.deepEqual(faulty.effects, ['draining', 'drain cut short', 'server stopped', 'exit 1']);
});
