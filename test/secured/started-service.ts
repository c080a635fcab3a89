/** A service as a process, whose readiness is watched while it starts and runs. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually, findFreePorts, spawnService, type ServiceProcess } from '@astrolabe/testkit';

export type ServiceName = 'ingest' | 'mapper' | 'dispatcher';

export interface StartedService {
  readonly lines: Record<string, unknown>[];
  readonly serving: Promise<ServiceProcess>;
  /** Why it is not ready; undefined where it is. */
  reasons(): Promise<string | undefined>;
  untilTold(told: RegExp): Promise<void>;
  untilReady(): Promise<void>;
}

const WAIT_MS = 60_000;

/** Stopped when the test ends, whether it serves by then or not. */
export async function startService(
  t: Pick<TestContext, 'after'>,
  service: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<StartedService> {
  const [port = 0] = await findFreePorts(1);
  const lines: Record<string, unknown>[] = [];
  const serving = spawnService({
    name: service,
    entry: new URL(`../../services/${service}/src/main.ts`, import.meta.url),
    env: { ...env, ADMIN_PORT: String(port) },
    readyTimeoutMs: 120_000,
    onLine: (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  serving.catch(() => undefined);
  t.after(async () => {
    await (await serving).stop();
  });
  const reasons = async (): Promise<string | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer === undefined) return 'it does not listen yet';
    return answer.status === 200 ? undefined : answer.text();
  };
  return {
    lines,
    serving,
    reasons,
    untilTold: async (told) => {
      const isTold = async (): Promise<boolean> => {
        assert.match((await reasons()) ?? 'ready', told);
        return true;
      };
      await eventually(isTold, { timeoutMs: WAIT_MS, describe: `/readyz of ${service} to say ${told.source}` });
    },
    untilReady: async () => {
      const isReady = async (): Promise<boolean> => {
        assert.equal(await reasons(), undefined);
        return true;
      };
      await eventually(isReady, { timeoutMs: WAIT_MS, describe: `${service} to be ready` });
    },
  };
}
