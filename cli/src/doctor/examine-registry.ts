/** The schema registry: whether it has the schemas, guards them, and what time it has. */
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { commandKinds } from '@astrolabe/schemas';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import { splitUrlCredentials } from '@astrolabe/service-kit';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { commandSchemasIn } from '@astrolabe/records/serde';
import type { ClusterAndRegistryConfig } from '../config.ts';
import { ok, problem, type Finding } from './finding.ts';
import { judgeClock } from './judge-cluster.ts';
import { judgeCompatibility, type SubjectCompatibility } from './judge-compatibility.ts';

const TIMEOUT_MS = 5_000;

export async function examineRegistry(config: ClusterAndRegistryConfig): Promise<Finding[]> {
  try {
    const ids = await commandSchemasIn(schemaRegistryFromConfig(config)).commandIds(
      topicsFor(config.kafkaTopicPrefix).commands.name,
    );
    return [
      ok('registry', `has all ${ids.size} command schemas`),
      ...(await examineCompatibility(config)),
      ...(await examineClock(config)),
    ];
  } catch (error) {
    if (isPipelineError(error, 'registry.schema-missing')) {
      return [problem('registry', error.message, 'the mapper does not start', 'astrolabe schemas apply --execute')];
    }
    const meaning = 'services that run go on with the schemas they know; none starts';
    return [
      problem('registry', errorMessage(error), meaning, 'check SCHEMA_REGISTRY_URL, its credentials and the registry'),
    ];
  }
}

async function examineCompatibility(config: ClusterAndRegistryConfig): Promise<Finding[]> {
  const { commands } = topicsFor(config.kafkaTopicPrefix);
  const subjects = await Promise.all(
    commandKinds.map(async (kind): Promise<SubjectCompatibility> => {
      const subject = subjectFor(commands.name, commandSchemas[kind].fullName);
      const path = `/config/${encodeURIComponent(subject)}`;
      // A subject without a level of its own has the registry's; not every registry knows `defaultToGlobal`.
      const level = (await readLevel(config, `${path}?defaultToGlobal=true`)) ?? (await readLevel(config, '/config'));
      return { subject, level, url: `${baseUrl(config)}${path}` };
    }),
  );
  return judgeCompatibility(subjects);
}

/** Undefined for "not found". */
async function readLevel(config: ClusterAndRegistryConfig, path: string): Promise<string | undefined> {
  const response = await ask(config, path);
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) throw new Error(`the registry answers ${response.status} at ${path}`);
  const { compatibilityLevel } = (await response.json()) as { compatibilityLevel?: unknown };
  return typeof compatibilityLevel === 'string' ? compatibilityLevel : undefined;
}

/** The registry's answers carry its time, which Kafka's do not. */
async function examineClock(config: ClusterAndRegistryConfig): Promise<Finding[]> {
  const before = Date.now();
  const response = await ask(config, '/schemas/types');
  await response.body?.cancel();
  const theirs = Date.parse(response.headers.get('date') ?? '');
  // Whole seconds are all that the header has.
  return Number.isNaN(theirs) ? [] : judgeClock((before + Date.now()) / 2 - theirs - 500, 'the registry');
}

function ask(config: ClusterAndRegistryConfig, path: string): Promise<Response> {
  const { schemaRegistryUsername: username, schemaRegistryPassword: password } = config;
  const { auth } = splitUrlCredentials(config.schemaRegistryUrl);
  const login = username === undefined || password === undefined ? auth : { username, password };
  const credentials =
    login === undefined ? undefined : Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return fetch(`${baseUrl(config)}${path}`, {
    headers: credentials === undefined ? {} : { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

function baseUrl({ schemaRegistryUrl }: ClusterAndRegistryConfig): string {
  return splitUrlCredentials(schemaRegistryUrl).url;
}
