/** HTTP as text over a socket, for requests that no client would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HttpResponse } from '@astrolabe/schemas/testing';

export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // The server may close before everything is written; the answer counts.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends the text and reads the answer. */
export async function exchange(url: string, text: string): Promise<HttpResponse> {
  const socket = openSocket(url);
  try {
    return await exchangeOn(socket, text);
  } finally {
    socket.destroy();
  }
}

/** The same on a connection that is open. */
export async function exchangeOn(socket: Socket, text: string): Promise<HttpResponse> {
  let answer = '';
  const read = new Promise<void>((resolve) => {
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      if (!isWhole(answer)) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
  });
  socket.write(text);
  await Promise.race([read, once(socket, 'close')]);
  return parseAnswer(answer);
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1]);
  return end > 0 && answer.length >= end + 4 + length;
}

function parseAnswer(answer: string): HttpResponse {
  const end = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(answer.slice(end + 4)) as unknown };
}
