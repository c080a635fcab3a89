/**
 * A server in front of the reference API that stands for Astrolabe's side of a key: one that was made in the console
 * becomes known there, and one is revoked. Everything else is passed on as it is.
 */
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface KeyFront {
  readonly url: string;
  /** Where calls go. Until then they are refused with 503. */
  passTo(target: string): void;
  /** Calls with `key` count as calls with `known`, which the API was started with. */
  makeKnown(key: string, known: string): void;
  /** The API answers calls with it as it answers any key that it does not know. */
  revoke(key: string): void;
  close(): Promise<void>;
}

export async function startKeyFront(): Promise<KeyFront> {
  const known = new Map<string, string>();
  const sockets = new Set<Socket>();
  const agent = new Agent({ keepAlive: true });
  let target: string | undefined;
  const server = createServer((request, response) => {
    const key = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const headers = { ...request.headers, authorization: `Bearer ${known.get(key) ?? key}` };
    if (target === undefined) response.writeHead(503).end();
    else passOn(target, agent, { request, headers }, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passTo: (url) => (target = url),
    makeKnown: (key, as) => void known.set(key, as),
    revoke: (key) => void known.set(key, 'a-revoked-key'),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}

function passOn(
  target: string,
  agent: Agent,
  { request, headers }: { readonly request: IncomingMessage; readonly headers: IncomingMessage['headers'] },
  response: ServerResponse,
): void {
  const { method, url = '/' } = request;
  const passed = httpRequest(target, { agent, method, headers, path: url }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  request.pipe(passed);
}
