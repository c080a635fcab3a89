/** The program as a process: it ends as soon as it has printed its result. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { startTestCluster } from './testing/test-cluster.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
/** Below kafkajs's time for a connection, 5 s, and for a request, 30 s: whatever was waited for would keep the process for longer. */
const LINGER_MS = 2_500;
const DEADLINE_MS = 60_000;

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
  /** From its last output to its end. */
  readonly lingeredMs: number;
}

async function run(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  interruptAtOutput = false,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'], ...env } });
  t.after(() => child.kill('SIGKILL'));
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  let output = '';
  let lastAtMs = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      lastAtMs = performance.now();
      if (interruptAtOutput) child.kill('SIGINT');
    });
  }
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  clearTimeout(deadline);
  return { exitCode, output, lingeredMs: performance.now() - lastAtMs };
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
    assert.ok(ended.lingeredMs < LINGER_MS, `${args.join(' ')} lingered for ${ended.lingeredMs} ms`);
    t.diagnostic(`${args[0]}: ended ${Math.round(ended.lingeredMs)} ms after its last output`);
  }
});

test('the process ends where no broker can be reached, and when it is interrupted', async (t) => {
  const refused = await run(t, ['lag'], { KAFKA_BROKERS: '127.0.0.1:1' });
  assert.equal(refused.exitCode, 1, refused.output);
  assert.ok(refused.lingeredMs < LINGER_MS, `lingered for ${refused.lingeredMs} ms`);

  const { env, producer, topics } = await startTestCluster(t, 'main-interrupted');
  await producer.send(topics.segmentEvents.name, [{ key: null, value: Buffer.from('{}'), headers: {} }]);
  const interrupted = await run(t, ['tail', 'events', '--to-earliest'], env, true);
  assert.equal(interrupted.exitCode, 0, interrupted.output);
  assert.ok(interrupted.lingeredMs < LINGER_MS, `lingered for ${interrupted.lingeredMs} ms`);
});
