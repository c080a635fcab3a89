/** An API that takes every command after a delay, in the measuring process: one clock tells when a command was sent and when it came. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface NeighbourApi extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the command is called for, with the time of `performance.now()`. To be asked once for each. */
  called(commandId: string): Promise<number>;
}

const APPLIED = '{"result":"applied"}';

export async function startNeighbourApi(delayMs: number): Promise<NeighbourApi> {
  const awaited = new Map<string, (atMs: number) => void>();
  const server = createServer((request, response) => {
    const commandId = /[0-9a-f]{32}/.exec(String(request.headers['idempotency-key']))?.[0] ?? '';
    awaited.get(commandId)?.(performance.now());
    awaited.delete(commandId);
    request.resume();
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(APPLIED);
    }, delayMs);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    called: (commandId) => new Promise((resolve) => awaited.set(commandId, resolve)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
