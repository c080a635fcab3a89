import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { findFreePorts } from './free-ports.ts';

test('ports are distinct, free, and none that an outgoing connection may be given', async () => {
  const ports = await findFreePorts(20);
  assert.equal(new Set(ports).size, 20);
  for (const port of ports) assert.ok(port >= 20_000 && port < 32_000, String(port));
  const server = createServer().listen(ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
