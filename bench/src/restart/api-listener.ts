/** The API, in the process of the bench, so that one clock tells when an event was due and when it arrived. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LiveEvents } from './live-events.ts';
import { NUMBER_PROPERTY } from './steady-load.ts';

export interface ApiListener extends AsyncDisposable {
  readonly url: string;
}

const APPLIED = JSON.stringify({ result: 'applied' });
const numberPattern = new RegExp(`"${NUMBER_PROPERTY}":(\\d+)`);

export async function listenAsApi(events: LiveEvents, delayMs: number): Promise<ApiListener> {
  const server = createServer((call, answer) => {
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.on('end', () => {
      const number = numberPattern.exec(Buffer.concat(chunks).toString('utf8'))?.[1];
      if (number !== undefined) events.arrived(Number(number), performance.now());
      setTimeout(() => {
        answer.writeHead(200, { 'content-type': 'application/json', 'content-length': APPLIED.length }).end(APPLIED);
      }, delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
