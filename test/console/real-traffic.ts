/** What is sent before the pages are looked at, and what they have to show of it. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { TIMEOUT_MS, type RealConsole } from './real-console.ts';

export const trafficConnectors = [
  {
    id: 'acme',
    name: 'Acme GmbH',
    rateLimit: { eventsPerSecond: 500, burst: 1_000 },
    delivery: { maxConcurrentCalls: 4 },
  },
  { id: 'globex', name: 'Globex' },
  { id: 'initech', name: 'Initech' },
];

/** Of Initech. */
export const refusedKeys = ['initech'];

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface Sent {
  /** Of the newest dead letter of globex. */
  readonly refused: Place;
  readonly replayId: string;
}

/** What the services counted, as far as it is waited for. */
interface Counted {
  readonly funnel: {
    readonly kind: string;
    readonly value: { readonly now: { readonly commands: Readonly<Record<string, number>> } };
  };
}

export function track(userId: string, event: string, messageId: string): object {
  return { type: 'track', userId, event, messageId, properties: {} };
}

export function until<Value>(describe: string, look: () => Promise<Value>): ReturnType<typeof eventually<Value>> {
  return eventually(look, { timeoutMs: TIMEOUT_MS, describe });
}

/**
 * Eight events of three connectors: two are delivered, one is rejected, one skipped, three are refused by the API, and
 * one waits, since its key is refused. Then one dead letter is dismissed, and one event is replayed.
 */
export async function sendTraffic({ ask, post, send, answerWith }: RealConsole): Promise<Sent> {
  const overview = (): Promise<Counted> => ask<Counted>('/overview?period=5m');
  // What comes after the console's second look at the services is counted.
  await until('the first counts', async () => (await overview()).funnel.kind === 'ready');
  await answerWith('globex', 400);
  await send('acme', [
    { type: 'identify', userId: 'u1', messageId: 'm-identify', traits: { big: 'BIG', html: '<img onerror=x>' } },
    track('u8', 'Signed Up', 'm-track'),
    { type: 'page', userId: 'u1', messageId: 'm-page', name: 'Home' },
    { type: 'track', userId: 'u1', messageId: 'm-rejected', properties: {} },
  ]);
  const refused = [0, 1, 2].map((index) => track('u2', 'Refused', `m-refused-${index}`));
  await send('globex', refused);
  await send('initech', [track('u3', 'Waits', 'm-waits')]);
  await until('the counts of what was sent', async () => {
    const { delivered, dead } = (await overview()).funnel.value.now.commands;
    return delivered === 2 && dead === refused.length;
  });
  const execute = async (plan: string, body: object): Promise<string> => {
    const { planId } = await post<{ planId: string }>(`/plans/${plan}`, body);
    return (await post<{ id: string }>(`/plans/${planId}/execute`, {})).id;
  };
  await execute('dismiss', { code: 'event.invalid', reason: 'a test' });
  const range = { kind: 'all' };
  const replayId = await execute('replay', { source: 'events', range, event: 'Signed Up' });
  const { records } = await until('the dead letters', async () => {
    const found = await ask<{ records: readonly Place[] }>('/dead-letters/records?connector=globex');
    return found.records.length === refused.length && found;
  });
  return { refused: records[0] ?? assert.fail('there is none'), replayId };
}
