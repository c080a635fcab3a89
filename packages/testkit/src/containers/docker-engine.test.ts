import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findDockerEngine, pingDockerEngine } from './docker-engine.ts';

async function listen(t: TestContext, answer: RequestListener): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'docker-engine-'));
  const path = join(directory, 'docker.sock');
  const server = createServer(answer).listen(path);
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true });
  });
  return `unix://${path}`;
}

test('an engine that answers the ping is reachable', async (t) => {
  const paths: (string | undefined)[] = [];
  const endpoint = await listen(t, (request, response) => {
    paths.push(request.url);
    response.end('OK');
  });
  assert.deepEqual(await findDockerEngine({ DOCKER_HOST: endpoint }), { kind: 'reachable', endpoint });
  assert.deepEqual(paths, ['/_ping']);
});

test('what answers the ping with an error, or not at all, is none', async (t) => {
  const failing = await listen(t, (_request, response) => response.writeHead(503).end());
  await assert.rejects(pingDockerEngine(failing, {}), /status 503/);
  const silent = await listen(t, () => undefined);
  await assert.rejects(pingDockerEngine(silent, {}, { timeoutMs: 20 }), /no answer within 20 ms/);
});

test('a file that nothing listens on is not taken for an engine', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'docker-engine-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'docker.sock');
  await writeFile(path, '');
  await assert.rejects(pingDockerEngine(`unix://${path}`, {}), /ECONNREFUSED|ENOTSOCK/);
});
