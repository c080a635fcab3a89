/** The operator's console as a person uses it: signed in, and looking. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@astrolabe/testkit';
import type { Overview } from '../../services/console/src/read/shapes/overview.ts';
import type { TrailAnswer } from '../../services/console/src/read/shapes/trail.ts';
import { selects, type Manifest } from '../chart/manifests.ts';
import { runAstrolabe, type RunningPod } from './pods.ts';
import { CONNECTOR } from './values.ts';

const TIMEOUT_MS = 60_000;

export interface ConsoleVisit {
  /** Of a path below `/api/v1`. Rejects if it is not answered with 200. */
  get<Body>(path: string, signal: AbortSignal): Promise<Body>;
}

/** `url`: without a slash at its end. Rejects if the console does not let them in. */
export async function signIn(url: string, name: string, password: string): Promise<ConsoleVisit> {
  const answer = await fetch(`${url}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  assert.equal(answer.status, 200, await answer.text());
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return {
    get: async <Body>(path: string, signal: AbortSignal) => {
      const answered = await fetch(`${url}/api/v1${path}`, { headers: { cookie }, signal });
      const text = await answered.text();
      assert.equal(answered.status, 200, `${path}: ${text}`);
      return JSON.parse(text) as Body;
    },
  };
}

/** By the name of each Service: the address of the pod that it selects. */
export function addressesOf(manifests: readonly Manifest[], pods: readonly RunningPod[]): ReadonlyMap<string, string> {
  return new Map(
    manifests
      .filter(({ kind }) => kind === 'Service')
      .flatMap((service) => {
        const component = selects(service)[0]?.selector['app.kubernetes.io/component'];
        const selected = pods.filter((pod) => pod.component === component);
        return selected.map((pod) => [service.metadata.name, new URL(pod.urlOf('admin')).hostname] as const);
      }),
  );
}

/** For the file of users, as the operator's command prints it. `folder`: for the file of the password. */
export async function printUserLine(name: string, password: string, folder: string): Promise<string> {
  const file = join(folder, `password-of-${name}`);
  await writeFile(file, password, { mode: 0o600 });
  const { exitCode, output } = await runAstrolabe(['console', 'hash-password', name, '--password-file', file], {});
  assert.equal(exitCode, 0, output);
  return output;
}

/** The console is ready whatever it can reach: that it has the addresses of all services shows here. */
export async function untilWatched(visit: ConsoleVisit): Promise<string> {
  const watched = async (signal: AbortSignal): Promise<string> => {
    const { instances } = await visit.get<Overview>('/overview?period=5m', signal);
    const all = instances.kind === 'ready' ? instances.value.instances : [];
    assert.deepEqual(
      all.map(({ service, state }) => `${service} ${state}`),
      ['ingest watched', 'mapper watched', 'dispatcher watched'],
    );
    return all.map(({ service, version }) => `${service} ${version}`).join(', ');
  };
  return eventually(watched, { timeoutMs: TIMEOUT_MS, describe: 'all services to be watched by the console' });
}

/** One event of the user: what the services have counted, and what the brokers let the console read. */
export async function untilDelivered(visit: ConsoleVisit, userId: string): Promise<string> {
  const isCounted = async (signal: AbortSignal): Promise<boolean> => {
    const { funnel, waiting } = await visit.get<Overview>('/overview?period=5m', signal);
    assert.ok(funnel.kind === 'ready' && waiting.kind === 'ready', JSON.stringify([funnel, waiting]));
    const { events, commands } = funnel.value.now;
    assert.deepEqual([events.received, commands.delivered], [1, 1]);
    return true;
  };
  await eventually(isCounted, { timeoutMs: TIMEOUT_MS, describe: 'the event in the overview of the console' });
  const path = `/trail/user/${userId}?connector=${CONNECTOR}&days=1`;
  const { hops } = await visit.get<TrailAnswer>(path, AbortSignal.timeout(TIMEOUT_MS));
  assert.ok(
    hops.some(({ outcome, ledger }) => outcome === 'delivered' || ledger?.outcome === 'delivered'),
    JSON.stringify(hops),
  );
  return `1 event received, 1 command delivered, and a trail of ${hops.length} hops`;
}
