import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SentEvent {
  readonly userId: string;
  readonly messageId: string;
}

/**
 * For tests of what sends load: takes events, singly and in batches, in the order in which they come. `statusOf` is
 * given the number of the request, from 1 on. Closed with the test.
 */
export async function startEventServer(
  t: { after(fn: () => void): void },
  statusOf: (request: number) => number,
): Promise<{ readonly url: string; readonly events: readonly SentEvent[] }> {
  const events: SentEvent[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as SentEvent | { batch: SentEvent[] };
      events.push(...('batch' in body ? body.batch : [body]));
      requests += 1;
      response.statusCode = statusOf(requests);
      response.end('answer');
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, events };
}
