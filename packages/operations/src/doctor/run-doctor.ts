/**
 * Examines everything that the pipeline depends on. A part that fails is a finding, and the other parts are examined
 * all the same.
 */
import { statfs } from 'node:fs/promises';
import { hideUrlCredentials } from '@astrolabe/service-kit';
import type { OperationRun } from '../cluster/cluster.ts';
import type { OpenedCluster } from '../cluster/open-cluster.ts';
import type { ServiceGroups } from '../cluster/service-readings.ts';
import { ok, problem, type Finding } from './core/finding.ts';
import { judgeDisk } from './core/judge-machine.ts';
import { examineCluster, judgeBrokerFault, type TopicSettings } from './examine-cluster.ts';
import { examineConnectors, judgeConnectorsFault, type ConnectorSettings } from './examine-connectors.ts';
import { examineJobs } from './examine-jobs.ts';
import { examineLedgerFolder } from './examine-ledger.ts';
import { examinePositions } from './examine-positions.ts';
import { examineReplays } from './examine-replays.ts';
import { examineRegistry } from './examine-registry.ts';
import type { RegistryInspector } from './registry-inspector.ts';

/** A part of the configuration: its values, or why it has none. */
export type Section<Values> =
  ({ readonly kind: 'valid' } & Values) | { readonly kind: 'invalid'; readonly message: string };

/** How to reach brokers and registry, and what is expected there. */
export interface PipelineSettings extends TopicSettings {
  readonly brokers: readonly string[];
  /** May hold credentials: they are hidden before they leave. */
  readonly registryUrl: string;
  readonly groups: ServiceGroups;
  readonly openCluster: () => Promise<OpenedCluster>;
  readonly registry: RegistryInspector;
  readonly commandTopic: string;
}

export interface DoctorOptions extends OperationRun {
  readonly pipeline: Section<PipelineSettings>;
  readonly connectors: Section<ConnectorSettings>;
  /** Undefined: its disk is on another machine. */
  readonly ledger: Section<{ readonly directory: string }> | undefined;
  /** The folder whose disk is examined. */
  readonly workingDirectory: string;
  readonly onEvent: (event: DoctorEvent) => void;
}

export type DoctorEvent =
  /** `what` is asked, and may take long to answer; the next event comes when it has. */
  { readonly kind: 'asking'; readonly what: string } | { readonly kind: 'finding'; readonly finding: Finding };

export async function runDoctor(options: DoctorOptions): Promise<void> {
  const { pipeline, connectors, ledger, workingDirectory, signal, onEvent } = options;
  const report = (findings: readonly Finding[]): void => {
    for (const finding of findings) onEvent({ kind: 'finding', finding: withoutCredentials(finding) });
  };
  if (pipeline.kind === 'invalid') {
    const meaning = 'no service can start with it, and neither brokers nor registry can be examined';
    const remedy = 'set what is named; docs/configuration.md lists all variables';
    report([problem('configuration', pipeline.message, meaning, remedy)]);
  } else {
    report([ok('configuration', `brokers ${pipeline.brokers.join(', ')}, registry ${pipeline.registryUrl}`)]);
    await examineBrokers(options, pipeline, report);
    onEvent({ kind: 'asking', what: `the registry ${hideUrlCredentials(pipeline.registryUrl)}` });
    report(await examineRegistry(pipeline.registry, pipeline.commandTopic));
  }
  onEvent({ kind: 'asking', what: 'the Astrolabe API' });
  report(
    connectors.kind === 'invalid'
      ? [judgeConnectorsFault(new Error(connectors.message))]
      : await examineConnectors(connectors, signal),
  );
  if (ledger?.kind === 'valid') report(await examineLedgerFolder(ledger.directory));
  else if (ledger !== undefined) report([invalidLedger(ledger.message)]);
  report(await examineDisk(workingDirectory));
}

async function examineBrokers(
  { clock, signal }: DoctorOptions,
  settings: PipelineSettings,
  report: (findings: readonly Finding[]) => void,
): Promise<void> {
  let cluster: OpenedCluster;
  try {
    cluster = await settings.openCluster();
  } catch (error) {
    report([judgeBrokerFault(error)]);
    return;
  }
  try {
    const { findings, hasAllTopics } = await examineCluster(cluster, settings, clock.nowMs());
    report(findings);
    // Where topics are missing, that has been said.
    if (!hasAllTopics) return;
    report(await examinePositions({ clock, signal }, cluster, settings.groups));
    report(await examineReplays({ clock, signal }, cluster));
    report(await examineJobs({ clock, signal }, cluster));
  } finally {
    await cluster.close();
  }
}

/** Findings go to terminals and tickets; a URL of the configuration may hold a password. */
function withoutCredentials(finding: Finding): Finding {
  const entries = Object.entries(finding).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? hideUrlCredentials(value) : value,
  ]);
  return Object.fromEntries(entries) as Finding;
}

function invalidLedger(message: string): Finding {
  const meaning = 'the dispatcher does not start with it';
  return problem('delivery ledger', message, meaning, 'set what is named; docs/configuration.md lists all variables');
}

async function examineDisk(path: string): Promise<Finding[]> {
  const { bavail, blocks, bsize } = await statfs(path);
  return judgeDisk(path, bavail * bsize, blocks * bsize);
}
