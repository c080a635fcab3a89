/** `npm start` as a script uses it: what it prints, what it keeps, and that nothing outlives it however it ends. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectionFromConfig, createKafkaAdmin } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { eventually, isRunning, statFields, uniqueName } from '@astrolabe/testkit';
import type { PipelineAddresses } from '@astrolabe/local-pipeline';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = fileURLToPath(new URL('./start.ts', import.meta.url));
const READY_MS = 60_000;
const ENDED_MS = 20_000;

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  output(): string;
  /** Resolves when `pattern` is on standard error, where with `--json` the text for people goes. */
  saysOnStderr(pattern: RegExp): Promise<unknown>;
}

async function topicPrefix(t: TestContext): Promise<string> {
  const prefix = `${uniqueName('start')}.`;
  const config = readConfig(defineConfig(configSections.kafka), { KAFKA_BROKERS: process.env.KAFKA_BROKERS });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const admin = await createKafkaAdmin(connectionFromConfig(config, 'test', logger));
  t.after(async () => {
    await admin.deleteTopics(Object.values(topicsFor(prefix)).map(({ name }) => name)).catch(() => undefined);
    await admin.close();
  });
  return prefix;
}

function start(t: TestContext, command: string, args: readonly string[], prefix: string): Started {
  // A session of its own, as a terminal gives it; what is left of it at the end of a failed test is killed.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    env: { ...process.env, KAFKA_TOPIC_PREFIX: prefix },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid = 0, stdout, stderr } = child;
  t.after(() => {
    for (const left of [pid, ...descendantsOf(pid)]) if (isRunning(left)) process.kill(left, 'SIGKILL');
  });
  let output = '';
  let messages = '';
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
  });
  return {
    child,
    pid,
    output: () => output,
    saysOnStderr: (pattern) =>
      eventually(() => pattern.test(messages), { timeoutMs: READY_MS, describe: `${String(pattern)} in ${messages}` }),
  };
}

async function addressesOf({ output }: Started): Promise<PipelineAddresses> {
  const line = await eventually(() => /^\{.*\}\n/m.exec(output())?.[0], {
    timeoutMs: READY_MS,
    describe: 'the line of JSON',
  });
  return JSON.parse(line) as PipelineAddresses;
}

/** Sends `signal` to one process, and resolves when it and all that were below it are gone. */
async function endsWith({ child, pid }: Started, signal: NodeJS.Signals): Promise<void> {
  const family = [pid, ...descendantsOf(pid)];
  assert.ok(family.length > 1, 'it has started other processes');
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  await eventually(() => family.every((each) => !isRunning(each)), {
    timeoutMs: ENDED_MS,
    describe: `processes ${family.join(', ')} to end`,
  });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** Those of this machine. A bare Linux has no `ps`, and other systems have no `/proc`. */
function processes(): Process[] {
  return process.platform === 'linux' ? processesOfLinux() : processesByPs();
}

function processesOfLinux(): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const [, parent] = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      return [{ pid: Number(pid), parent: Number(parent) }];
    } catch {
      return []; // It has ended since.
    }
  });
}

function processesByPs(): Process[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent) };
    });
}

function descendantsOf(pid: number): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...below(each.pid)]);
  return below(pid);
}

test('npm start prints one line of JSON, keeps what --data names, and no process outlives it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'start-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const prefix = await topicPrefix(t);

  const first = start(t, 'npm', ['start', '--silent', '--', '--json', '--data', folder], prefix);
  const addresses = await addressesOf(first);
  assert.deepEqual(Object.keys(addresses), [
    'ingest',
    'astrolabe',
    'kafka',
    'schemaRegistry',
    'metrics',
    'apiKey',
    'connector',
  ]);
  for (const url of Object.values(addresses.metrics)) assert.equal((await fetch(url)).status, 200, url);
  const sent = await fetch(`${addresses.ingest}/v1/identify`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${addresses.apiKey}:`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId: 'userId123', traits: { email: 'john.doe@example.com' } }),
  });
  assert.equal(sent.status, 200);
  const readUser = async ({ astrolabe, apiKey }: PipelineAddresses): Promise<unknown> => {
    const response = await fetch(`${astrolabe}/v1/users/userId123`, { headers: { authorization: `Bearer ${apiKey}` } });
    return response.ok ? response.json() : undefined;
  };
  const user = await eventually(() => readUser(addresses), { timeoutMs: 20_000, describe: 'the user' });
  await endsWith(first, 'SIGTERM');
  assert.equal(first.output().trim().split('\n').length, 1, 'lines on standard output');

  const second = start(t, process.execPath, [program, '--json', '--data', folder], prefix);
  const addressesAgain = await addressesOf(second);
  assert.equal(addressesAgain.apiKey, addresses.apiKey);
  assert.deepEqual(await readUser(addressesAgain), user);
  await endsWith(second, 'SIGKILL');
});

test('stopped while it starts, it leaves no process behind and prints nothing for scripts', async (t) => {
  const prefix = await topicPrefix(t);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const started = start(t, process.execPath, [program, '--json'], prefix);
    await started.saysOnStderr(/starting the reference API/);
    await endsWith(started, signal);
    assert.equal(started.output(), '');
  }
});
