/**
 * An API that takes every command after a delay and counts what it was sent.
 *
 * Environment: API_DELAY_MS. `GET /arrivals` answers what has come (`arrivals.ts`). Logs `listening` with its `url`.
 */
import type { Socket } from 'node:net';
import { ArrivalCount } from './arrivals.ts';
import { indexOf } from './commands.ts';
import { answerOf, listenRaw } from './raw-server.ts';

const delayMs = Number(process.env['API_DELAY_MS'] ?? '0');
const count = new ArrivalCount();
const OCCURRED_AT = '"occurredAt":"';
const APPLIED = answerOf('{"result":"applied"}');

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

listenRaw(answer);
