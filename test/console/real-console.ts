/**
 * The console on the real stack: brokers, registry, reference API, ingest, mapper, dispatcher and console, each a
 * process of its own, and a browser. Started once for a file, on topics that nobody else uses.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { BrowserContext, Locator } from 'playwright-core';
import { openDataFolder, startPipeline, type Pipeline } from '@astrolabe/local-pipeline';
import {
  eventually,
  parsePrometheusText,
  spawnService,
  sumOf,
  uniqueName,
  type ServiceProcess,
} from '@astrolabe/testkit';
import { runAstrolabe } from '../../cli/src/testing/run-astrolabe.ts';
import { launchChromium } from '@astrolabe/testkit/browser';
import { openTab, type OpenedPage, type OpenOptions } from './console-pages.ts';

/** With what an entry of the connectors file may have beyond its id and key. */
export interface RealConnector {
  readonly id: string;
  readonly name: string;
  readonly [more: string]: unknown;
}

export interface RealConsole {
  readonly pipeline: Pipeline;
  /** Those of the connectors that it was started with, by id. */
  readonly apiKeys: Readonly<Record<string, string>>;
  readonly process: ServiceProcess;
  open(path: string, options?: OpenOptions): Promise<OpenedPage>;
  /** What the console's own API answers; `path` is below `/api/v1`. Fails for a refusal. */
  ask<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body: object): Promise<Body>;
  /** What a metric of the console is now, over all of its labels. */
  metric(name: string): Promise<number>;
  /** Sends a batch as a sender does. `"BIG"` becomes the number `BIG`. */
  send(connector: string, events: readonly object[]): Promise<void>;
  /** Scripts the reference API: calls of the connector are answered with `status`; undefined: as usual again. */
  answerWith(connector: string, status: number | undefined): Promise<void>;
  /** What the command line prints. */
  astrolabe(...args: readonly string[]): Promise<string>;
}

/** 2^63 - 1, which no JSON parser of a browser can hold. */
export const BIG = '9223372036854775807';

const BASE_PATH = '/console';
/** To find what hangs. Figures come from metrics every five seconds, and from lag every ten. */
export const TIMEOUT_MS = 60_000;

interface Ending {
  readonly after: (close: () => Promise<void>) => void;
}

export async function startRealConsole(
  { after }: Ending,
  name: string,
  connectors: readonly RealConnector[],
  /** Ids of those whose keys Astrolabe refuses; without any, it takes every key that the console makes. */
  refused: readonly string[] = [],
): Promise<RealConsole> {
  const ending = new AsyncDisposableStack();
  after(() => ending.disposeAsync());
  const folder = await openDataFolder(undefined);
  ending.defer(() => folder.remove());
  const apiKeys = Object.fromEntries(
    connectors.map(({ id }) => [id, `${id}_${randomBytes(18).toString('base64url')}`]),
  );
  const entries = connectors.map((each) => ({ ...each, apiKey: apiKeys[each.id] }));
  await writeFile(folder.connectorsFile, JSON.stringify({ connectors: entries }, null, 2));
  const topicPrefix = `${uniqueName(name)}.`;
  const pipeline = await startPipeline({
    folder,
    env: process.env,
    topicPrefix,
    withConsole: true,
    acceptsNewKeys: refused.length === 0,
    variables: { console: { CONSOLE_BASE_PATH: BASE_PATH } },
  });
  ending.defer(() => pipeline.close());
  const { addresses } = pipeline;
  if (refused.length > 0) {
    const taken = entries.filter(({ id }) => !refused.includes(id));
    await takeOnly(
      addresses.astrolabe,
      taken.map(({ id, apiKey = '' }) => ({ connector: id, key: apiKey })),
    );
  }
  const cluster = {
    KAFKA_BROKERS: addresses.kafka,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    KAFKA_REPLICATION_FACTOR: '1',
    SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
    CONNECTORS_FILE: folder.connectorsFile,
  };
  const console = pipeline.console?.process ?? assert.fail('the pipeline has a console');
  const opened = await openTabsOf(ending, console);
  return {
    ...opened,
    pipeline,
    apiKeys,
    send: (connector, events) => send(addresses.ingest, apiKeys[connector] ?? '', events),
    answerWith: (connector, status) => script(addresses.astrolabe, connector, status),
    astrolabe: async (...args) => {
      const { exitCode, stdout, stderr } = await runAstrolabe(args, cluster);
      assert.equal(exitCode, 0, stderr);
      return stdout;
    },
  };
}

export type ConsoleAlone = Pick<RealConsole, 'process' | 'open' | 'ask' | 'post' | 'metric'>;

/** A console of its own. `variables`: where brokers and registry are. */
export async function openRealConsole(
  ending: AsyncDisposableStack,
  variables: Readonly<Record<string, string>>,
): Promise<ConsoleAlone> {
  const console = await spawnService({
    name: 'console',
    entry: new URL('../../services/console/src/main.ts', import.meta.url),
    env: { ...variables, CONSOLE_ROLES: '*=admin', CONSOLE_BASE_PATH: BASE_PATH, CONSOLE_PORT: '0' },
  });
  ending.defer(() => console.stop());
  return openTabsOf(ending, console);
}

async function openTabsOf(ending: AsyncDisposableStack, console: ServiceProcess): Promise<ConsoleAlone> {
  const browser = await launchChromium(process.env);
  ending.defer(() => browser.close());
  const contexts = new Set<BrowserContext>();
  ending.defer(async () => {
    for (const context of contexts) await context.close();
  });
  const ask = async (path: string, init: RequestInit): Promise<unknown> => {
    const answer = await fetch(`${console.url}api/v1${path}`, init);
    const text = await answer.text();
    assert.ok(answer.ok, `${path} was answered ${String(answer.status)}: ${text}`);
    return JSON.parse(text);
  };
  return {
    process: console,
    open: (path, options = {}) => openTab(browser, console.url, path, { ...options, contexts }),
    ask: <Body>(path: string) => ask(path, {}) as Promise<Body>,
    post: <Body>(path: string, body: object) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }) as Promise<Body>,
    metric: async (name) => {
      const samples = parsePrometheusText(await (await fetch(`${console.adminUrl}/metrics`)).text());
      return sumOf(samples, name);
    },
  };
}

async function send(ingest: string, writeKey: string, batch: readonly object[]): Promise<void> {
  const response = await fetch(`${ingest}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Without rounding what JSON.stringify cannot write.
    body: JSON.stringify({ batch, writeKey }).replaceAll('"BIG"', BIG),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Has the reference API take these keys, and no others. */
async function takeOnly(api: string, apiKeys: readonly object[]): Promise<void> {
  const answer = await fetch(`${api}/__reference/api-keys`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKeys }),
  });
  assert.ok(answer.ok, await answer.text());
}

async function script(api: string, connector: string, status: number | undefined): Promise<void> {
  const faults = `${api}/__reference/faults`;
  const answer =
    status === undefined
      ? await fetch(faults, { method: 'DELETE' })
      : await fetch(faults, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ faults: [{ kind: 'status', status, match: { connector } }] }),
        });
  assert.ok(answer.ok, await answer.text());
}

/** What is seen of each element that matches, on one line. */
export async function textsOf(elements: Locator): Promise<string[]> {
  return (await elements.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
}

/** Waits until the texts of the elements are these. */
export async function untilTexts(elements: Locator, expected: readonly (string | RegExp)[]): Promise<void> {
  await eventually(
    async () => {
      const texts = await textsOf(elements);
      assert.equal(texts.length, expected.length, texts.join('\n'));
      for (const [index, text] of texts.entries()) {
        const wanted = expected[index] ?? '';
        if (typeof wanted === 'string') assert.equal(text, wanted);
        else assert.match(text, wanted);
      }
      return true;
    },
    { timeoutMs: TIMEOUT_MS, describe: 'the texts of the page' },
  );
}

/** Waits until the fact of that name, in a list of facts, is so. */
export async function untilFact(
  within: Pick<Locator, 'getByRole'>,
  name: string,
  text: string | RegExp,
): Promise<void> {
  const term = within.getByRole('term').filter({ hasText: new RegExp(`^\\s*${name}\\s*$`) });
  await untilTexts(term.locator('xpath=following-sibling::dd[1]'), [text]);
}
