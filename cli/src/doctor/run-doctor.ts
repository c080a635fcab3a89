/** Looks at everything that the pipeline stands on. Each part that fails is a finding, and the others are looked at all the same. */
import { statfs } from 'node:fs/promises';
import { hideUrlCredentials, readConfig } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { CommandContext } from '../command-context.ts';
import { clusterAndRegistryConfig, connectorsConfig, type ClusterAndRegistryConfig } from '../config.ts';
import { checkKey } from '../connectors/check-keys.ts';
import { openConnectorsDocument, resolveKey } from '../connectors/connectors-document.ts';
import { withWaitNote } from '../reach-brokers.ts';
import { examineCluster } from './examine-cluster.ts';
import { examineLedgerFolder } from './examine-ledger.ts';
import { examinePositions } from './examine-positions.ts';
import { examineRegistry } from './examine-registry.ts';
import { ok, problem, warning, type Finding } from './finding.ts';
import { judgeDisk } from './judge-cluster.ts';

export async function runDoctor(context: CommandContext, onFinding: (finding: Finding) => void): Promise<void> {
  const report = (findings: readonly Finding[]): void => findings.map(withoutCredentials).forEach(onFinding);
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
    const { findings, isReached } = await examineCluster(config, context.env, context.clock.nowMs(), context);
    report(findings);
    // What is wrong with the brokers has been said.
    if (isReached) report(await examinePositions(context));
    const registryUrl = hideUrlCredentials(config.schemaRegistryUrl);
    report(await withWaitNote(context, `the registry ${registryUrl}`, examineRegistry(config)));
  }
  report(await withWaitNote(context, 'the Astrolabe API', examineConnectors(context)));
  report(await examineLedgerFolder(context.env));
  report(await examineDisk());
}

/** What a finding says goes to terminals and tickets; a URL in the configuration may hold a password. */
function withoutCredentials(finding: Finding): Finding {
  const entries = Object.entries(finding).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? hideUrlCredentials(value) : value,
  ]);
  return Object.fromEntries(entries) as Finding;
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
