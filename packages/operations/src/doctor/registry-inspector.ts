/** The schema registry as the doctor asks it: its schemas, what guards them, and its clock. */
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { splitUrlCredentials } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { createFetch, tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { commandSchemasIn } from '@astrolabe/records/serde';
import type { SubjectCompatibility } from './core/judge-compatibility.ts';

export type RegistryConfig = Parameters<typeof schemaRegistryFromConfig>[0];

export interface RegistryInspector {
  /** Schema ids by command. Rejects with `registry.schema-missing` where one is not registered. */
  commandIds(topic: string): Promise<ReadonlyMap<string, number>>;
  compatibilityOf(subject: string): Promise<SubjectCompatibility>;
  /** How far the clock here is ahead of the registry's; undefined where its answers carry no time. */
  clockSkewMs(): Promise<number | undefined>;
}

const TIMEOUT_MS = 5_000;

export function createRegistryInspector(config: RegistryConfig, clock: Pick<Clock, 'nowMs'>): RegistryInspector {
  const baseUrl = splitUrlCredentials(config.schemaRegistryUrl).url;
  /** Undefined for "not found". */
  const readLevel = async (path: string): Promise<string | undefined> => {
    const response = await ask(config, path);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw new Error(`the registry answers ${response.status} at ${path}`);
    const { compatibilityLevel } = (await response.json()) as { compatibilityLevel?: unknown };
    return typeof compatibilityLevel === 'string' ? compatibilityLevel : undefined;
  };
  return {
    commandIds: (topic) => commandSchemasIn(schemaRegistryFromConfig(config)).commandIds(topic),
    compatibilityOf: async (subject) => {
      const path = `/config/${encodeURIComponent(subject)}`;
      // A subject without a level of its own has the registry's; not every registry knows `defaultToGlobal`.
      const level = (await readLevel(`${path}?defaultToGlobal=true`)) ?? (await readLevel('/config'));
      return { subject, level, url: `${baseUrl}${path}` };
    },
    clockSkewMs: async () => {
      const beforeMs = clock.nowMs();
      const response = await ask(config, '/schemas/types');
      await response.body?.cancel();
      const theirsMs = Date.parse(response.headers.get('date') ?? '');
      // The header has whole seconds only: on average half a second is missing.
      return Number.isNaN(theirsMs) ? undefined : (beforeMs + clock.nowMs()) / 2 - theirsMs - 500;
    },
  };
}

function ask(config: RegistryConfig, path: string): Promise<Response> {
  const { schemaRegistryUsername: username, schemaRegistryPassword: password } = config;
  const { url, auth } = splitUrlCredentials(config.schemaRegistryUrl);
  const login = username === undefined || password === undefined ? auth : { username, password: password.read() };
  const credentials =
    login === undefined ? undefined : Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return createFetch(tlsMaterialOf(config, 'schemaRegistry'))(`${url}${path}`, {
    headers: credentials === undefined ? {} : { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}
