/**
 * An API that takes every command after a delay and counts what it was sent. On raw sockets, since it shares the machine with what is
 * measured. It understands what undici and our client send: lower-case header names, bodies with a length.
 *
 * Environment: API_DELAY_MS. `GET /arrivals` answers what has come (`arrivals.ts`). Logs `listening` with its `url`.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ArrivalCount } from './arrivals.ts';
import { indexOf } from './commands.ts';

const delayMs = Number(process.env['API_DELAY_MS'] ?? '0');
const count = new ArrivalCount();
const OCCURRED_AT = '"occurredAt":"';
const APPLIED = answerOf('{"result":"applied"}');

function answerOf(body: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

function userOf(text: string): number {
  return Number.parseInt(text.slice(text.indexOf('user-') + 'user-'.length), 10);
}

function take(head: string, body: string): Buffer {
  const nowMs = performance.now();
  if (head.startsWith('POST /v1/commands ')) {
    const { commands } = JSON.parse(body) as {
      commands: readonly { id: string; occurredAt: string; userId: string }[];
    };
    for (const { occurredAt, userId } of commands) count.add(indexOf(occurredAt), userOf(userId), nowMs);
    return answerOf(JSON.stringify({ results: commands.map(({ id }) => ({ id, status: 200, result: 'applied' })) }));
  }
  if (!/^idempotency-key: "?[0-9a-f]{32}/m.test(head)) throw new Error(`a call without an idempotency key:\n${head}`);
  const at = body.indexOf(OCCURRED_AT) + OCCURRED_AT.length;
  count.add(indexOf(body.slice(at, body.indexOf('"', at))), userOf(head), nowMs);
  return APPLIED;
}

function answer(socket: Socket, head: string, body: string): void {
  if (head.startsWith('GET /arrivals ')) socket.write(answerOf(JSON.stringify(count.arrivals(performance.now()))));
  else if (delayMs === 0) socket.write(take(head, body));
  else setTimeout((bytes: Buffer) => socket.write(bytes), delayMs, take(head, body));
}

const server = createServer({ noDelay: true }, (socket) => {
  let received = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    received += chunk;
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = received.slice(0, headEnd);
      const bodyStart = headEnd + 4;
      const bodyEnd = bodyStart + Number(/^content-length: (\d+)/m.exec(head)?.[1] ?? '0');
      if (received.length < bodyEnd) return;
      const body = received.slice(bodyStart, bodyEnd);
      received = received.slice(bodyEnd);
      answer(socket, head, body);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` }));
});
process.once('SIGTERM', () => process.exit(0));
