import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { runOwner } from '../../fixtures/run-owner.ts';
import { eventually } from '../eventually.ts';
import { isRunning } from './process-state.ts';
import { spawnService, type ServiceProcess, type ServiceProcessOptions } from './service-process.ts';

async function start(t: TestContext, options: Partial<ServiceProcessOptions> = {}): Promise<ServiceProcess> {
  const entry = new URL('../../fixtures/service.ts', import.meta.url);
  const service = await spawnService({ name: 'fixture', entry, env: {}, ...options });
  t.after(() => service.kill('SIGKILL'));
  return service;
}

test('a service is ready when it has logged so, and stops with exit code 0', async (t) => {
  const service = await start(t, { args: ['--flag'], env: { SETTING: 'x' } });
  assert.equal(service.adminUrl, `${service.url}/admin`);
  const answer = (await (await fetch(service.url)).json()) as { args: string[]; names: string[] };
  assert.deepEqual(answer.args, ['--flag']);
  assert.ok(answer.names.includes('SETTING') && answer.names.includes('PATH'));
  await service.stop();
  await service.stop();
  assert.deepEqual(await service.exited, { code: 0, signal: null });
  assert.ok(service.logs().includes('a line for people'));
  assert.deepEqual(
    service.records().map((record) => record.msg),
    ['listening', 'stopping'],
  );
});

test("what configures the test does not configure the service, the runner's variables included", async (t) => {
  process.env.STRAY_SETTING = 'x';
  t.after(() => delete process.env.STRAY_SETTING);
  const service = await start(t);
  const { names } = (await (await fetch(service.url)).json()) as { names: string[] };
  for (const name of ['STRAY_SETTING', 'NODE_TEST_CONTEXT', 'KAFKA_BROKERS']) assert.ok(!names.includes(name), name);
  await service.stop();
});

test('a service that ends before it is ready rejects with its output', async (t) => {
  await assert.rejects(
    start(t, { env: { MODE: 'ends-early' } }),
    /fixture \(pid \d+\) ended \(exit code 1\) before it was ready; .*a line for people.*no broker/s,
  );
});

/** Long enough for a process to start and print a line. */
const NEVER_READY_MS = 4_000;

test('a service that never says that it is ready rejects with its output and is ended', async (t) => {
  await assert.rejects(
    start(t, { env: { MODE: 'never-ready' }, readyTimeoutMs: NEVER_READY_MS }),
    /did not log "listening" within 4000 ms; .*a line for people/s,
  );
});

test('a stop that ends with another exit code, or does not end, rejects', async (t) => {
  const failing = await start(t, { env: { MODE: 'fails-to-stop' } });
  await assert.rejects(failing.stop(), /stopped with exit code 3/);
  const stubborn = await start(t, { env: { MODE: 'never-stops' }, stopTimeoutMs: 100 });
  await assert.rejects(stubborn.stop(), /did not stop within 100 ms and was killed/);
});

test('a crash that the test caused does not fail the later stop, and any other crash does', async (t) => {
  const killed = await start(t);
  killed.kill('SIGKILL');
  assert.deepEqual(await killed.exited, { code: null, signal: 'SIGKILL' });
  await killed.stop();

  const crashed = await start(t);
  process.kill(crashed.pid, 'SIGKILL');
  await crashed.exited;
  await assert.rejects(crashed.stop(), /had already ended with SIGKILL/);
});

test('a service does not outlive its owner that was killed with SIGKILL', async () => {
  const { owner, printed } = await runOwner(new URL('../../fixtures/owner-of-service.ts', import.meta.url));
  const pid = Number(printed.pid);
  assert.ok(isRunning(pid));
  owner.kill('SIGKILL');
  await eventually(() => !isRunning(pid), { timeoutMs: 10_000, describe: `the end of ${pid}` });
});
