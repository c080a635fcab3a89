/** Requests that a well-behaved client does not make: bytes on a socket, and whatever comes back. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  /** Of the first answer; 0 where the connection ended without one. */
  readonly status: number;
  readonly text: string;
}

/** All text that a service answered, for those who look through it afterwards. */
export const answers: string[] = [];

export interface RawExchangeOptions {
  /** Between two parts. Default 0. */
  readonly pauseMs?: number;
  /** Ends the sending side after the last part. */
  readonly end?: boolean;
  readonly timeoutMs?: number;
}

/**
 * Sends the parts one after another and resolves with the answer, or with nothing once the connection is closed or the
 * time is up.
 */
export async function exchange(
  url: string,
  parts: readonly (string | Buffer)[],
  { pauseMs = 0, end = false, timeoutMs = 10_000 }: RawExchangeOptions = {},
): Promise<RawAnswer> {
  const socket = open(url);
  const received = receive(socket, timeoutMs);
  for (const part of parts) {
    if (socket.destroyed) break;
    socket.write(part);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  if (end) socket.end();
  const text = await received;
  socket.destroy();
  answers.push(text);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}

/** A connection whose end nobody waits for. */
export function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  return socket;
}

/** Resolves with what has come once that is a whole answer, the connection is closed or the time is up. */
async function receive(socket: Socket, timeoutMs: number): Promise<string> {
  let text = '';
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1] ?? Number.NaN);
      if (head >= 0 && text.length >= head + 4 + length) settle();
    });
    socket.on('close', settle);
  });
  return text;
}

export interface PostOptions {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

export async function post(url: string, body: string | Buffer, options: PostOptions = {}): Promise<RawAnswer> {
  const { authorization, headers = {}, path = '/v1/batch' } = options;
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
    body: new Uint8Array(Buffer.from(body as string)),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  answers.push(text);
  return { status: response.status, text };
}

export function basic(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
}
