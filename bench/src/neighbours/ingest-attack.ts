/**
 * How long a quiet connector's requests take while somebody sends small bodies that are expensive to read: from the
 * moment a request is due until its answer.
 */
import { Agent, request } from 'node:http';
import type { ServiceProcess } from '@astrolabe/testkit';
import type { Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import { percentile } from '@astrolabe/testkit';
import { costlyBodies } from './costly-bodies.ts';
import { atPace } from './paced.ts';

export interface Attack {
  /** Of a connector of the attacker's own; undefined: none. */
  readonly writeKey: string | undefined;
}

const QUIET_PER_SECOND = 20;
/** Bodies and heads together. */
const ATTACK_BYTES_PER_SECOND = 24_000;
const HEAD_BYTES = 200;
/** What an attacker on one machine holds open; while all wait for their answers, no more is sent. */
const MAX_ATTACK_CONNECTIONS = 64;
/** As the SDKs' own. */
const TIMEOUT_MS = 60_000;

/** Rejects when a request of the quiet connector is not answered with 200. */
export async function measureAttack(
  service: ServiceProcess,
  quietKey: string,
  attack: Attack | undefined,
  seconds: number,
): Promise<Sample> {
  await using cleanup = new AsyncDisposableStack();
  const quiet = new Agent({ keepAlive: true });
  cleanup.defer(async () => quiet.destroy());
  const before = await readProcessUsage(service.pid);
  const ended = new AbortController();
  const attacking = attack === undefined ? Promise.resolve() : sendCostly(service.url, attack, seconds, ended.signal);
  const latenciesMs: number[] = [];
  const startedAtMs = performance.now();
  try {
    await atPace({
      perSecond: QUIET_PER_SECOND,
      seconds,
      begin: async (index, dueAtMs) => {
        const status = await post(`${service.url}/v1/track`, quiet, quietKey, quietBody(index), {});
        if (status !== 200) throw new Error(`a request of the quiet connector was answered ${status}`);
        latenciesMs.push(performance.now() - dueAtMs);
      },
    });
  } finally {
    ended.abort();
    await attacking;
  }
  const after = await readProcessUsage(service.pid);
  return {
    perSecond: latenciesMs.length / ((performance.now() - startedAtMs) / 1_000),
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / latenciesMs.length,
  };
}

/** Whatever the answers are. Resolves when nothing is under way any more. */
async function sendCostly(url: string, { writeKey }: Attack, seconds: number, signal: AbortSignal): Promise<void> {
  const bodies = costlyBodies();
  const meanBytes = bodies.reduce((sum, { length }) => sum + length + HEAD_BYTES, 0) / bodies.length;
  const agent = new Agent({ keepAlive: true });
  let underWay = 0;
  await atPace({
    perSecond: ATTACK_BYTES_PER_SECOND / meanBytes,
    seconds,
    begin: async (index) => {
      const body = bodies[index % bodies.length];
      if (body === undefined || underWay >= MAX_ATTACK_CONNECTIONS || signal.aborted) return;
      underWay += 1;
      await post(`${url}/v1/batch`, agent, writeKey, body, { 'content-encoding': 'gzip' }).catch(() => undefined);
      underWay -= 1;
    },
  });
  agent.destroy();
}

function quietBody(index: number): Buffer {
  const properties = { reportId: 4711, view: 'weekly revenue' };
  return Buffer.from(JSON.stringify({ type: 'track', event: 'Report Opened', userId: `user-${index}`, properties }));
}

function post(
  url: string,
  agent: Agent,
  writeKey: string | undefined,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const authorization =
      writeKey === undefined ? {} : { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` };
    const common = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(
      url,
      { method: 'POST', agent, timeout: TIMEOUT_MS, headers: { ...common, ...authorization, ...headers } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
