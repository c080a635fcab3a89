/**
 * A server in front of the reference API: by the key of a call it either passes it on or misbehaves. Behaviours write
 * to the socket themselves, since a well-behaved server would not let them.
 */
import { createServer, request as httpRequest, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Answers a call in its own way. `authorization` is the header as it came. */
export type Behaviour = (response: ServerResponse, authorization: string) => void;

export interface ApiFront {
  readonly url: string;
  /** What becomes of the calls with this key; undefined: they are passed on. */
  behave(apiKey: string, behaviour: Behaviour | undefined): void;
  /** Calls that came with the key. */
  callsOf(apiKey: string): number;
  /** The connector that is called where a redirect is followed; 0 is what it should say. */
  readonly trapped: number;
  readonly trapUrl: string;
  close(): Promise<void>;
}

/** An id of 10 KB, twice, each of its bytes as three. */
const MAX_HEADER_BYTES = 200_000;
const KEEP_ALIVE_MS = 600_000;

export async function startApiFront(target: string): Promise<ApiFront> {
  const behaviours = new Map<string, Behaviour>();
  const calls = new Map<string, number>();
  const sockets = new Set<Socket>();
  const agent = new Agent({ keepAlive: true });
  let trapped = 0;

  // A connection that the server ends just as a call is sent over it is one more fault, and not one that was asked for.
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const authorization = request.headers.authorization ?? '';
      const key = authorization.replace(/^Bearer /, '');
      calls.set(key, (calls.get(key) ?? 0) + 1);
      if (request.url?.startsWith('/trap') === true) {
        trapped += 1;
        response.end();
        return;
      }
      const behaviour = behaviours.get(key);
      if (behaviour === undefined) return passOn(target, agent, request, response);
      request.resume();
      response.on('error', () => undefined);
      behaviour(response, authorization);
    },
  );
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    trapUrl: `${url}/trap`,
    behave: (apiKey, behaviour) => {
      if (behaviour === undefined) behaviours.delete(apiKey);
      else behaviours.set(apiKey, behaviour);
    },
    callsOf: (apiKey) => calls.get(apiKey) ?? 0,
    get trapped() {
      return trapped;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}

function passOn(target: string, agent: Agent, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = '/' } = request;
  const passed = httpRequest(target, { agent, method, headers, path: url }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  request.pipe(passed);
}
