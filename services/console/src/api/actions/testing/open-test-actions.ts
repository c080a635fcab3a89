/** The routes of changes on a cluster in memory, called as the server calls them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  clusterWithDeadLetters,
  createSteppingClock,
  createTurningClock,
  type InMemoryCluster,
} from '@astrolabe/operations/testing';
import type { TopicRole } from '@astrolabe/records';
import type { CommandSchemaRegistry } from '@astrolabe/records/serde';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ActionPolicy } from '../../../core/access/action-policy.ts';
import type { ApiAnswer, Caller, Refusal, Route } from '../../../routes/route.ts';
import type { ConnectorActions } from '../action-context.ts';
import { actionRoutes } from '../action-routes.ts';
import { createActions, type Actions, type ActionsOptions } from '../create-actions.ts';

export const ann: Caller = { name: 'ann', role: 'admin', address: '10.0.0.7' };

export interface TestActions {
  readonly cluster: InMemoryCluster;
  readonly clock: Clock;
  /** What has been changed, one entry for each change. */
  readonly changed: readonly string[];
  readonly routes: readonly Route[];
  /** Body of the answer, which fits the route's shape. Fails for a refusal. */
  ask(method: Route['method'], path: string, body?: unknown, query?: Record<string, string>): Promise<object>;
  refused(method: Route['method'], path: string, body?: unknown, query?: Record<string, string>): Promise<Refusal>;
  lines(path: string, query?: Record<string, string>): Promise<readonly string[]>;
  readonly knownJobs: Actions['knownJobs'];
  /** As after a restart: what was in memory is gone. */
  restart(): Promise<void>;
}

export interface TestActionsOptions {
  readonly deadLetters?: number;
  readonly connectors?: Partial<ConnectorActions>;
  /** Text of the connectors file. */
  readonly connectorsFile?: string;
  /** Topics that do not exist, as after an upgrade. */
  readonly missing?: readonly TopicRole[];
  readonly policy?: ActionPolicy;
  readonly registry?: Partial<CommandSchemaRegistry>;
  readonly isMasked?: boolean;
}

export async function openTestActions(t: TestContext, options: TestActionsOptions = {}): Promise<TestActions> {
  // The time of jobs runs while they wait, that of plans only where a test lets it.
  const jobClock = createTurningClock();
  const clock = createSteppingClock();
  const cluster = await clusterWithDeadLetters(options.deadLetters ?? 0, jobClock);
  for (const role of options.missing ?? []) cluster.existing.delete(cluster.topics[role].name);
  const folder = await mkdtemp(join(tmpdir(), 'console-actions-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'connectors.json');
  if (options.connectorsFile !== undefined) await writeFile(file, options.connectorsFile);
  const changed: string[] = [];
  const open = (): Actions & { readonly routes: readonly Route[] } => {
    const onChanged = (what: string): void => void changed.push(what);
    const actions = createActions({ ...optionsOf(cluster, jobClock, clock, file, options), onChanged });
    actions.start();
    return { ...actions, routes: actionRoutes(actions.context) };
  };
  let opened = open();
  t.after(() => opened.close());
  const call = async (method: string, path: string, body: unknown, query: Record<string, string>) => {
    const found = findRoute(opened.routes, method, path);
    const { route } = found;
    const parsed = route.body === undefined ? undefined : route.body.parse(body ?? {});
    if (route.query !== undefined) route.query.parse(query);
    const { signal } = new AbortController();
    return { route, answer: await route.handle({ params: found.params, query, body: parsed, caller: ann, signal }) };
  };
  return {
    cluster,
    clock,
    changed,
    get routes() {
      return opened.routes;
    },
    ask: async (method, path, body, query = {}) => {
      const { route, answer } = await call(method, path, body, query);
      if (answer.kind !== 'json' && answer.kind !== 'accepted') assert.fail(JSON.stringify(answer));
      assert.equal(answer.kind, route.answers ?? 'json');
      route.answer.parse(answer.body);
      return answer.body;
    },
    refused: async (method, path, body, query = {}) => {
      const { answer } = await call(method, path, body, query);
      return answer.kind === 'refused' ? answer : assert.fail(`it was not refused: ${JSON.stringify(answer)}`);
    },
    lines: async (path, query = {}) => linesOf((await call('GET', path, undefined, query)).answer),
    knownJobs: () => opened.knownJobs(),
    restart: async () => {
      await opened.close();
      opened = open();
    },
  };
}

function optionsOf(
  cluster: InMemoryCluster,
  jobClock: Clock,
  clock: Clock,
  file: string,
  options: TestActionsOptions,
): Omit<ActionsOptions, 'onChanged'> {
  const registry = {
    commandIds: async () => new Map(),
    commandForId: async () => undefined,
    apply: async () => [],
    ...options.registry,
  } as unknown as CommandSchemaRegistry;
  return {
    cluster: async () => cluster,
    registry,
    connectors: {
      file,
      variables: {},
      api: undefined,
      ingestUrl: undefined,
      testEventsUrl: undefined,
      ...options.connectors,
    },
    topics: { replicationFactor: 3, ledgerWindowMs: 48 * 3_600_000 },
    policy: options.policy ?? { readOnly: false, disabledActions: new Set() },
    isMasked: options.isMasked ?? false,
    clock,
    jobClock,
    random: () => 0.5,
    newId: randomUUID,
    onFault: () => undefined,
  };
}

function findRoute(routes: readonly Route[], method: string, path: string) {
  const given = path.split('/');
  for (const route of routes) {
    const parts = route.path.split('/');
    if (route.method !== method || parts.length !== given.length) continue;
    if (!parts.every((part, index) => part.startsWith(':') || part === given[index])) continue;
    const named = parts.flatMap((part, index) => (part.startsWith(':') ? [[part.slice(1), given[index] ?? '']] : []));
    return { route, params: Object.fromEntries(named) as Record<string, string> };
  }
  return assert.fail(`no route answers ${method} ${path}`);
}

async function linesOf(answer: ApiAnswer): Promise<readonly string[]> {
  if (answer.kind !== 'download') assert.fail(JSON.stringify(answer));
  const lines: string[] = [];
  for await (const line of answer.lines) lines.push(line);
  return lines;
}

export async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await isSo()); turns += 1) {
    assert.ok(turns < 20_000, 'it never came about');
    await turn();
  }
}
