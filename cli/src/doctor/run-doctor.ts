/** Looks at everything that the pipeline stands on. Each part that fails is a finding, and the others are looked at all the same. */
import { statfs } from 'node:fs/promises';
import { connectionFromConfig, describeCluster, schemaRegistryFromConfig, topicsFor } from '@astrolabe/kafka';
import { createLogger, errorMessage, isPipelineError, readConfig } from '@astrolabe/service-kit';
import type { CommandContext } from '../command-context.ts';
import { clusterAndRegistryConfig, connectorsConfig, type ClusterAndRegistryConfig } from '../config.ts';
import { checkKey } from '../connectors/check-keys.ts';
import { openConnectorsDocument, resolveKey } from '../connectors/connectors-document.ts';
import { ok, problem, warning, type Finding } from './finding.ts';
import { judgeBrokers, judgeClock, judgeDisk, judgeTopic } from './judge-cluster.ts';

export async function runDoctor(context: CommandContext, onFinding: (finding: Finding) => void): Promise<void> {
  const report = (findings: readonly Finding[]): void => findings.forEach(onFinding);
  let config: ClusterAndRegistryConfig | undefined;
  try {
    config = readConfig(clusterAndRegistryConfig, context.env);
    report([ok('configuration', `brokers ${config.kafkaBrokers.join(', ')}, registry ${config.schemaRegistryUrl}`)]);
  } catch (error) {
    const meaning = 'no service starts with it, and neither brokers nor the registry can be looked at';
    report([
      problem(
        'configuration',
        errorMessage(error),
        meaning,
        'set what is named; docs/configuration.md has all variables',
      ),
    ]);
  }
  if (config !== undefined) {
    report(await examineCluster(config));
    report(await examineRegistry(config));
  }
  report(await examineConnectors(context));
  report(await examineDisk());
}

async function examineCluster(config: ClusterAndRegistryConfig): Promise<Finding[]> {
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  const topics = Object.values(topicsFor(config.kafkaTopicPrefix));
  try {
    const cluster = await describeCluster(
      connectionFromConfig(config, 'cli', logger),
      topics.map(({ name }) => name),
    );
    return [
      ...judgeBrokers(cluster),
      ...topics.flatMap((topic) =>
        judgeTopic(
          topic,
          cluster.topics.find(({ name }) => name === topic.name),
          cluster.brokers.length,
        ),
      ),
    ];
  } catch (error) {
    const isRefused = isPipelineError(error, 'kafka.request-refused');
    return [
      problem(
        'brokers',
        errorMessage(error),
        'ingest answers 503 and the other services wait; nothing is lost',
        isRefused
          ? 'give this user the rights to describe the cluster and its topics'
          : 'check KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_* and the network',
      ),
    ];
  }
}

async function examineRegistry(config: ClusterAndRegistryConfig): Promise<Finding[]> {
  try {
    const ids = await schemaRegistryFromConfig(config).commandIds(topicsFor(config.kafkaTopicPrefix).commands.name);
    return [ok('registry', `has all ${ids.size} command schemas`), ...(await examineRegistryClock(config))];
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

/** The registry's answers carry its time, which Kafka's do not. */
async function examineRegistryClock({ schemaRegistryUrl }: ClusterAndRegistryConfig): Promise<Finding[]> {
  try {
    const before = Date.now();
    const response = await fetch(`${schemaRegistryUrl}/schemas/types`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get('date') ?? '');
    // Whole seconds are all that the header has.
    return Number.isNaN(theirs) ? [] : judgeClock((before + Date.now()) / 2 - theirs - 500, 'the registry');
  } catch {
    return [];
  }
}

async function examineConnectors({ env, signal }: CommandContext): Promise<Finding[]> {
  let config;
  let document;
  try {
    config = readConfig(connectorsConfig, env);
    document = await openConnectorsDocument(config.connectorsFile);
  } catch (error) {
    const meaning = 'services keep the connectors that they had, and none starts';
    return [problem('connectors', errorMessage(error), meaning, 'mend the file; each problem is named with its place')];
  }
  if (document.text === undefined) {
    return [
      problem(
        'connectors',
        `${document.path} is not there`,
        'ingest and dispatcher do not start',
        'astrolabe connectors add',
      ),
    ];
  }
  if (config.apiUrl === undefined) {
    return [
      warning(
        'connectors',
        `${document.connectors.length}, keys not checked`,
        'a key that Astrolabe refuses makes its commands wait',
        'set DISPATCHER_API_URL',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const { id, apiKey, enabled } of document.connectors) {
    const about = `connector ${id}`;
    const key = await resolveKey(document.path, apiKey, env);
    if (key.kind === 'unknown') {
      findings.push(
        warning(
          about,
          `its key is not known here: ${key.reason}`,
          'it cannot be checked from here',
          'run this where the services run',
        ),
      );
      continue;
    }
    const check = await checkKey(config.apiUrl, key.key, signal);
    if (check.kind === 'accepted') findings.push(ok(about, `${enabled ? '' : 'disabled; '}Astrolabe accepts its key`));
    else if (check.kind === 'refused') {
      const meaning = 'its commands wait and nothing is lost; dispatcher_halted_connectors shows it';
      findings.push(
        problem(about, `Astrolabe refuses its key (${check.status})`, meaning, `astrolabe connectors rotate-key ${id}`),
      );
    } else {
      const meaning = 'whether its commands can be delivered is not known';
      findings.push(problem(about, check.reason, meaning, 'check DISPATCHER_API_URL and the network'));
    }
  }
  return findings;
}

async function examineDisk(): Promise<Finding[]> {
  const path = process.cwd();
  const { bavail, blocks, bsize } = await statfs(path);
  return judgeDisk(path, bavail * bsize, blocks * bsize);
}
