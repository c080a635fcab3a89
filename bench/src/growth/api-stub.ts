/**
 * An API that takes every command at once and notes when each came. `GET /arrivals` answers what has come
 * (`arrivals.ts`), `GET /times?FROM-TO` when each command of these numbers (TO excluded) came, in epoch milliseconds;
 * null where it has not. Logs `listening` with its `url`.
 */
import type { Socket } from 'node:net';
import { ArrivalCount } from '../dispatcher/arrivals.ts';
import { answerOf, listenRaw } from '../dispatcher/raw-server.ts';
import { EPOCH_MS } from './traffic.ts';

const count = new ArrivalCount();
const timesMs = new Map<number, number>();
const OCCURRED_AT = '"occurredAt":"';
const APPLIED = answerOf('{"result":"applied"}');

function take(head: string, body: string): Buffer {
  const nowMs = performance.now();
  const at = body.indexOf(OCCURRED_AT) + OCCURRED_AT.length;
  const index = Date.parse(body.slice(at, body.indexOf('"', at))) - EPOCH_MS;
  const user = Number.parseInt(head.slice(head.indexOf('user-') + 'user-'.length), 10);
  count.add(index, user, nowMs);
  if (!timesMs.has(index)) timesMs.set(index, performance.timeOrigin + nowMs);
  return APPLIED;
}

function timesOf(from: number, to: number): (number | null)[] {
  return Array.from({ length: to - from }, (_, index) => timesMs.get(from + index) ?? null);
}

function answer(socket: Socket, head: string, body: string): void {
  const range = /^GET \/times\?(\d+)-(\d+) /.exec(head);
  if (range !== null) socket.write(answerOf(JSON.stringify(timesOf(Number(range[1]), Number(range[2])))));
  else if (head.startsWith('GET /arrivals ')) {
    socket.write(answerOf(JSON.stringify(count.arrivals(performance.now()))));
  } else socket.write(take(head, body));
}

listenRaw(answer);
