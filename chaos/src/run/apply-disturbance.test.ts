import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultProxy } from '@astrolabe/testkit';
import type { System } from '../cluster/system.ts';
import type { Link } from '../schedule/disturbance.ts';
import { applyDisturbance } from './apply-disturbance.ts';

/** Tells what is done to it. */
function recordingProxy(name: string, told: string[]): FaultProxy {
  return {
    host: '127.0.0.1',
    port: 1,
    address: '127.0.0.1:1',
    connectionCount: 0,
    cut: () => void told.push(`${name} cut`),
    delay: (delayMs) => void told.push(`${name} delayed by ${delayMs}`),
    blackhole: () => void told.push(`${name} muted`),
    resume: () => void told.push(`${name} resumed`),
    close: async () => undefined,
  };
}

function systemOf(links: ReadonlyMap<Link, readonly FaultProxy[]>): System {
  return { links } as System;
}

test('a link of all services is disturbed and healed at each of them', async () => {
  const told: string[] = [];
  const proxies = ['ingest', 'mapper', 'dispatcher'].map((name) => recordingProxy(name, told));
  const system = systemOf(new Map([['clients>broker-1', proxies]]));
  const end = await applyDisturbance(system, { kind: 'cut', link: 'clients>broker-1', atMs: 0, forMs: 1 });
  assert.deepEqual(end, { kind: 'done' });
  const healed = ['ingest resumed', 'mapper resumed', 'dispatcher resumed'];
  assert.deepEqual(told, ['ingest cut', 'mapper cut', 'dispatcher cut', ...healed]);
});

test('a disturbance that begins while another has its proxy holds until its own end', async () => {
  const told: string[] = [];
  const ingest = recordingProxy('ingest', told);
  const mapper = recordingProxy('mapper', told);
  const system = systemOf(
    new Map<Link, readonly FaultProxy[]>([
      ['clients>broker-1', [ingest, mapper]],
      ['ingest>broker-1', [ingest]],
    ]),
  );
  const first = applyDisturbance(system, { kind: 'blackhole', link: 'clients>broker-1', atMs: 0, forMs: 20 });
  const second = applyDisturbance(system, {
    kind: 'delay',
    link: 'ingest>broker-1',
    delayMs: 30,
    atMs: 0,
    forMs: 40,
  });
  await first;
  assert.deepEqual(told, ['ingest muted', 'mapper muted', 'ingest delayed by 30', 'mapper resumed']);
  await second;
  assert.equal(told.at(-1), 'ingest resumed');
});
