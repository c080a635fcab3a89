/** What an API may answer, or not, instead of an answer. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour } from './api-front.ts';

export interface ApiCase {
  /** Id of the connector whose calls are treated so. */
  readonly id: string;
  readonly behaviour: (trapUrl: string) => Behaviour;
  /** What its command ends as: `delivered`, or the code of its dead letter. */
  readonly ends: string;
  /** The dead letter tells the cause in these words. */
  readonly words?: RegExp;
}

const REJECTED = 'api.rejected';
const EXHAUSTED = 'api.retries-exhausted';
const MEGABYTE = 1_000_000;
const YEAR_SECONDS = 31_536_000;
const PROBLEM = { 'content-type': 'application/problem+json' };

const answer =
  (status: number, headers: Record<string, string>, body: string): Behaviour =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

const problem = (status: number, members: (authorization: string) => object): Behaviour => {
  return (response, authorization) => {
    response.writeHead(status, PROBLEM).end(JSON.stringify(members(authorization)));
  };
};

/** Bytes as they are, past the server's own HTTP. */
const raw =
  (write: (socket: Socket) => void): Behaviour =>
  ({ socket }: ServerResponse) => {
    if (socket !== null) write(socket);
  };

const forever = (socket: Socket, intervalMs: number, write: () => void): void => {
  const timer = setInterval(write, intervalMs);
  socket.on('close', () => clearInterval(timer));
};

/** Writes as fast as the other side reads. */
const flood = (socket: Socket, chunk: string): void => {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
};

export const apiCases: readonly ApiCase[] = [
  { id: 'ten-megabytes', behaviour: () => answer(200, {}, 'x'.repeat(10 * MEGABYTE)), ends: 'delivered' },
  { id: 'ten-megabytes-refused', behaviour: () => answer(400, {}, 'x'.repeat(10 * MEGABYTE)), ends: REJECTED },
  {
    id: 'huge-problem',
    behaviour: () => problem(400, () => ({ title: 't'.repeat(MEGABYTE), detail: 'd'.repeat(MEGABYTE) })),
    ends: REJECTED,
  },
  { id: 'deep-problem', behaviour: () => answer(422, PROBLEM, '['.repeat(100_000)), ends: REJECTED },
  {
    id: 'odd-problem',
    behaviour: () => answer(422, PROBLEM, '{"title":{"__proto__":1},"detail":[],"code":7}'),
    ends: REJECTED,
  },
  { id: 'null-problem', behaviour: () => answer(400, PROBLEM, 'null'), ends: REJECTED },
  {
    id: 'endless-trickle',
    behaviour: () =>
      raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        forever(socket, 50, () => socket.write('1\r\nx\r\n'));
      }),
    ends: EXHAUSTED,
    words: /no answer within/,
  },
  {
    id: 'endless-flood',
    behaviour: () =>
      raw((socket) => {
        socket.write('HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n');
        flood(socket, `8000\r\n${'x'.repeat(0x8000)}\r\n`);
      }),
    ends: EXHAUSTED,
  },
  { id: 'silence', behaviour: () => () => undefined, ends: EXHAUSTED, words: /no answer within/ },
  {
    id: 'redirect',
    behaviour: (trapUrl) => answer(302, { location: trapUrl }, ''),
    ends: EXHAUSTED,
    words: /status 302/,
  },
  {
    id: 'redirect-kept',
    behaviour: (trapUrl) => answer(308, { location: trapUrl }, ''),
    ends: EXHAUSTED,
    words: /status 308/,
  },
  {
    id: 'a-year',
    behaviour: () => answer(429, { 'retry-after': String(YEAR_SECONDS) }, ''),
    ends: EXHAUSTED,
    words: /status 429/,
  },
  {
    id: 'ages',
    behaviour: () => answer(503, { 'retry-after': '999999999999' }, ''),
    ends: EXHAUSTED,
    words: /status 503/,
  },
  {
    id: 'a-date',
    behaviour: () => answer(503, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, ''),
    ends: EXHAUSTED,
  },
  { id: 'no-date', behaviour: () => answer(503, { 'retry-after': 'Fri, 99 Foo -1' }, ''), ends: EXHAUSTED },
  { id: 'no-http', behaviour: () => raw((socket) => socket.end('HTTP/9.9 banana\r\n\r\n')), ends: EXHAUSTED },
  {
    id: 'two-lengths',
    behaviour: () => raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx')),
    ends: EXHAUSTED,
  },
  {
    id: 'cut-off',
    behaviour: () => raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx')),
    ends: EXHAUSTED,
  },
  {
    id: 'status-0',
    behaviour: () => raw((socket) => socket.end('HTTP/1.1 000 \r\nContent-Length: 0\r\n\r\n')),
    ends: EXHAUSTED,
  },
  {
    id: 'status-999',
    behaviour: () => raw((socket) => socket.end('HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n')),
    ends: EXHAUSTED,
  },
  {
    id: 'upgrade',
    behaviour: () =>
      raw((socket) => socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')),
    ends: EXHAUSTED,
  },
  {
    id: 'header-flood',
    behaviour: () =>
      raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, 'X-A: b\r\n'.repeat(1_000));
      }),
    ends: EXHAUSTED,
  },
  {
    id: 'hints-flood',
    behaviour: () => raw((socket) => flood(socket, 'HTTP/1.1 103 Early\r\nLink: x\r\n\r\n'.repeat(100))),
    ends: EXHAUSTED,
  },
  {
    id: 'echo-detail',
    behaviour: () =>
      problem(400, (authorization) => ({ title: 'no', detail: `you sent Authorization: ${authorization}` })),
    ends: REJECTED,
    words: /you sent Authorization/,
  },
  {
    id: 'echo-cut',
    // The end of what is kept falls into the key.
    behaviour: () => problem(400, (authorization) => ({ title: 'x'.repeat(955), detail: authorization })),
    ends: REJECTED,
  },
  {
    id: 'echo-member',
    behaviour: () => problem(400, (authorization) => ({ headers: { authorization } })),
    ends: REJECTED,
  },
  {
    id: 'echo-text',
    behaviour: () => (response, authorization) => void response.writeHead(400).end(`<p>${authorization}</p>`),
    ends: REJECTED,
  },
  {
    id: 'echo-later',
    behaviour: () => problem(503, (authorization) => ({ title: 'busy', detail: authorization })),
    ends: EXHAUSTED,
    words: /busy/,
  },
];
