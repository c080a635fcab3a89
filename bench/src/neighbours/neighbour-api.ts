/**
 * An API that takes every command after API_DELAY_MS, and answers `GET /calls` with when the quiet connector's came:
 * epoch milliseconds by id. Repetitions do not count.
 */
import type { Socket } from 'node:net';
import { answerOf, listenRaw } from '../dispatcher/raw-server.ts';
import { QUIET_USER_PREFIX } from './flood-records.ts';

const delayMs = Number(process.env['API_DELAY_MS'] ?? '0');
const calls: Record<string, number> = {};
const APPLIED = answerOf('{"result":"applied"}');

listenRaw((socket: Socket, head: string) => {
  if (head.startsWith('GET /calls ')) {
    socket.write(answerOf(JSON.stringify(calls)));
    return;
  }
  const id = /^idempotency-key: "?([0-9a-f]{32})/m.exec(head)?.[1];
  if (id !== undefined && head.startsWith(`PUT /v1/users/${QUIET_USER_PREFIX}`)) calls[id] ??= Date.now();
  setTimeout(() => socket.write(APPLIED), delayMs);
});
