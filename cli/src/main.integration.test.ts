/** The program as a process: it ends as soon as it has printed its result. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { machineEnvironment } from '@astrolabe/testkit';
import { startTestCluster } from './testing/test-cluster.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
/** To end a process that hangs. */
const DEADLINE_MS = 60_000;

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

async function run(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  interruptAtOutput = false,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...machineEnvironment(), ...env } });
  t.after(() => child.kill('SIGKILL'));
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      if (interruptAtOutput) child.kill('SIGINT');
    });
  }
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  clearTimeout(deadline);
  return { exitCode, output };
}

test('the process ends when its verb has ended, well or not', async (t) => {
  const { env, topics } = await startTestCluster(t, 'main');
  for (const [args, exitCode] of [
    [['topics', 'check'], 0],
    [['lag', '--json'], 0],
    [['trace', '--as', 'message', 'm1'], 1],
    [['dlq', 'redrive', '--all', '--execute'], 0],
    [['doctor'], 1],
    [['dlq', 'show', `${topics.commandsDeadLetters.name}:0:0`], 2],
  ] as const) {
    const ended = await run(t, args, { ...env, CONNECTORS_FILE: '/nowhere/connectors.json' });
    assert.equal(ended.exitCode, exitCode, `${args.join(' ')}: ${ended.output}`);
  }
});

test('the process ends where no broker can be reached, and when it is interrupted', async (t) => {
  const refused = await run(t, ['lag'], { KAFKA_BROKERS: '127.0.0.1:1' });
  assert.equal(refused.exitCode, 1, refused.output);

  const { env, producer, topics } = await startTestCluster(t, 'main-interrupted');
  await producer.send(topics.segmentEvents.name, [{ key: null, value: Buffer.from('{}'), headers: {} }]);
  const interrupted = await run(t, ['tail', 'events', '--to-earliest'], env, true);
  assert.equal(interrupted.exitCode, 0, interrupted.output);
});
