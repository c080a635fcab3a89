/**
 * An API that takes every command at once and notes its effect: one for each idempotency key. The commands that it
 * expects set a property `number` of a user.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface EffectsApi {
  readonly url: string;
  /** Commands that were called for, repetitions included. */
  readonly calls: number;
  /** How many effects each number has had. */
  readonly effects: ReadonlyMap<number, number>;
  /** Numbers whose first effect came behind that of a higher one of the same user and class. */
  readonly overtaken: readonly number[];
}

interface ApiItem {
  readonly id: string;
  readonly userId: string;
  readonly properties: { readonly number: number };
}

/** `classOf`: effects are in order within a class of numbers, as the live ones are, and those of a replay. */
export async function startEffectsApi(t: TestContext, classOf: (number: number) => string): Promise<EffectsApi> {
  const keys = new Set<string>();
  const effects = new Map<number, number>();
  const highest = new Map<string, number>();
  const overtaken: number[] = [];
  let calls = 0;
  /** Whether it had been executed before. */
  const execute = ({ id, userId, properties: { number } }: ApiItem): boolean => {
    calls += 1;
    if (keys.has(id)) return true;
    keys.add(id);
    const before = effects.get(number) ?? 0;
    effects.set(number, before + 1);
    const line = `${classOf(number)} ${userId}`;
    if (number < (highest.get(line) ?? -1)) overtaken.push(number);
    else highest.set(line, number);
    return false;
  };
  const answer = (request: IncomingMessage, response: ServerResponse, text: string): void => {
    const body = JSON.parse(text) as { commands?: readonly ApiItem[] };
    response.setHeader('content-type', 'application/json');
    if (body.commands !== undefined) {
      const results = body.commands.map((item) => {
        const isKnown = execute(item);
        return { id: item.id, status: 200, result: 'applied', ...(isKnown ? { replayed: true } : {}) };
      });
      response.end(JSON.stringify({ results }));
      return;
    }
    const userId = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    const id = String(request.headers['idempotency-key']).replaceAll('"', '');
    if (execute({ ...(body as unknown as ApiItem), id, userId })) response.setHeader('idempotency-replayed', 'true');
    response.end('{"result":"applied"}');
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    effects,
    overtaken,
  };
}
