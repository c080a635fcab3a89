/** The process as an operator starts it. It needs no broker: the warning comes before anything is waited for. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';

type LogLine = Readonly<Record<string, unknown>>;

/** The log up to the line that tells what the dispatcher waits for; the brokers of its configuration are nowhere. */
async function startUntilItWaits(t: TestContext, proxies: Readonly<Record<string, string>>): Promise<LogLine[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dispatcher-proxy-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: 'ak' }] }));
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname], {
    env: {
      PATH,
      KAFKA_BROKERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
      CONNECTORS_FILE: connectorsFile,
      DISPATCHER_API_URL: 'http://127.0.0.1:1',
      DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
      ADMIN_PORT: '0',
      ...proxies,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: LogLine[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    if (String(line['msg']).startsWith('waiting for Kafka')) child.kill('SIGKILL');
  }
  await exited;
  assert.match(String(lines.at(-1)?.['msg']), /^waiting for Kafka/);
  return lines;
}

function proxyWarnings(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(({ msg }) => /\bproxy\b/.test(String(msg)));
}

test('a proxy that is set is not used: a warning says so with the names of the variables, and no password of theirs', async (t) => {
  const proxies = { HTTPS_PROXY: 'http://us3r:hunter2@proxy:3128', http_proxy: 'http://proxy:3128' };
  const lines = await startUntilItWaits(t, proxies);
  const [warning, ...others] = proxyWarnings(lines);
  assert.deepEqual(others, []);
  assert.deepEqual([warning?.['level'], warning?.['variables']], ['warn', ['HTTPS_PROXY', 'http_proxy']]);
  assert.match(String(warning?.['msg']), /not used: the API is called directly; .*DISPATCHER_API_URL/);
  assert.doesNotMatch(JSON.stringify(lines), /hunter2/);
});

test('without a proxy, or with one that is set to nothing, there is no warning', async (t) => {
  assert.deepEqual(proxyWarnings(await startUntilItWaits(t, { HTTPS_PROXY: '' })), []);
});
