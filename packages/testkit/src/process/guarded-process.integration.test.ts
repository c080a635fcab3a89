import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runOwner } from '../../fixtures/run-owner.ts';
import { eventually } from '../eventually.ts';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';
import { isRunning } from './process-state.ts';

function shell(script: string): Promise<GuardedProcess> {
  const env = { PATH: process.env.PATH };
  return spawnGuarded({ command: '/bin/sh', args: ['-c', script], env, output: 'pipe', orphanGraceMs: 300 });
}

for (const [title, script] of [
  ['a process', 'exec sleep 300'],
  ['a process that ignores SIGTERM', 'trap "" TERM; while :; do sleep 1; done'],
  ['a process that is frozen', 'kill -STOP $$; exec sleep 300'],
] as const) {
  test(`${title} and its owner's folder are gone after the owner was killed with SIGKILL`, async () => {
    const { owner, printed } = await runOwner(new URL('../../fixtures/owner-of-process.ts', import.meta.url), {
      args: [script],
    });
    const { pid, directory } = printed as { pid: number; directory: string };
    assert.ok(isRunning(pid) && existsSync(directory));
    owner.kill('SIGKILL');
    await eventually(() => !isRunning(pid), { timeoutMs: 10_000, describe: `the end of ${pid}` });
    await eventually(() => !existsSync(directory), {
      timeoutMs: 10_000,
      describe: 'the removal of the folder',
    });
  });
}

test('what a process started is ended with it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'guarded-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'pid');
  const running = await shell(`trap 'exit 0' TERM; sleep 300 & echo $! > ${path}; wait`);
  // The shell makes the file before it writes to it.
  const childPid = await eventually(async () => Number(await readFile(path, 'utf8')) || undefined, {
    timeoutMs: 5_000,
    describe: 'the pid of the child',
  });
  assert.deepEqual(await running.stop({ graceMs: 5_000 }), { code: 0, signal: null });
  await eventually(() => !isRunning(childPid), { timeoutMs: 5_000, describe: 'the end of the child' });
});

test('a process that ignores SIGTERM is killed when its time is up', async () => {
  const running = await shell('trap "" TERM; echo ready; while :; do sleep 1; done');
  await once(running.child.stdout!, 'data');
  assert.deepEqual(await running.stop({ graceMs: 100 }), { code: null, signal: 'SIGKILL' });
});

test('all output of a process is there when it has ended, and its exit code is kept', async () => {
  const running = await shell('echo out; echo err >&2; exit 7');
  let output = '';
  for (const stream of [running.child.stdout!, running.child.stderr!]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  assert.deepEqual(await running.exited, { code: 7, signal: null });
  assert.deepEqual(running.exit, { code: 7, signal: null });
  assert.deepEqual(output.split('\n').sort(), ['', 'err', 'out']);
});

test('a command that does not exist ends with the code of the shell', async () => {
  const running = await spawnGuarded({ command: '/none', args: [], env: {}, output: 'pipe', orphanGraceMs: 0 });
  assert.equal((await running.exited).code, 127);
});
