import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * Below the range from which systems take the ports of outgoing connections (Linux from 32768, macOS from 49152). A
 * port inside it can be lost while a broker is down for a moment, and worse: a client that keeps trying to reconnect to
 * its own machine may be given that very port as its source, and so connect to itself.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS_PER_PORT = 50;

/**
 * `count` distinct ports that nothing on this machine listened on a moment ago. Another process may take one before it
 * is used, so a start that fails on a taken port is to be tried again with new ones.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const reserved: Server[] = [];
  try {
    const ports: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const { server, port } = await reserveFreePort();
      reserved.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(reserved.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function reserveFreePort(): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        // No host: all addresses, so that a port taken on any of them is refused.
        server.listen({ port, exclusive: true }, resolve);
      });
      return { server, port };
    } catch (error) {
      if (attempt === ATTEMPTS_PER_PORT) throw error;
    }
  }
}
