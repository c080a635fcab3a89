/** `astrolabe doctor`: what is wrong, what it means, and what to type. */
import {
  createRegistryInspector,
  openCluster,
  runDoctor,
  type DoctorEvent,
  type DoctorOptions,
  type PipelineSettings,
  type Section,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { topicsFor } from '@astrolabe/records';
import { createLogger, readConfig } from '@astrolabe/service-kit';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Command } from 'commander';
import { groupsOf } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { clusterAndRegistryConfig, connectorsConfig, lagConfig, ledgerConfig, topicsConfig } from '../config.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb } from '../flags.ts';
import { noteSlowWait, withWaitNote } from '../wait-note.ts';
import { describeFinding } from './describe-finding.ts';

const HOUR_MS = 3_600_000;

export function registerDoctor(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'doctor', 'check configuration, brokers, topics, registry, connectors, clock and disk', [
      'astrolabe doctor',
      'astrolabe doctor --json | jq "select(.level != \\"ok\\")"',
    ]),
  ).action(act((context) => doctor(context)));
}

async function doctor(context: CommandContext): Promise<ExitCode> {
  const { output, env, clock, signal } = context;
  const counts = { ok: 0, warning: 0, problem: 0 };
  let endWait = (): void => undefined;
  const onEvent = (event: DoctorEvent): void => {
    endWait();
    if (event.kind === 'asking') {
      endWait = noteSlowWait(context, event.what);
      return;
    }
    counts[event.finding.level] += 1;
    output.result(event.finding, describeFinding(event.finding));
  };
  const connectors: DoctorOptions['connectors'] = section(() => {
    const config = readConfig(connectorsConfig, env);
    const { connectorsFile, apiUrl } = config;
    return { connectorsFile, apiUrl, apiTls: tlsMaterialOf(config, 'api'), variables: env };
  });
  const ledger = section(() => ({ directory: readConfig(ledgerConfig, env).ledgerDirectory }));
  const pipeline = section(() => pipelineSettings(context));
  try {
    await runDoctor({ pipeline, connectors, ledger, workingDirectory: process.cwd(), clock, signal, onEvent });
  } finally {
    endWait();
  }
  if (!output.isJson) {
    const { problem, warning, ok } = counts;
    const found = `${formatCounted(problem, 'problem')}, ${formatCounted(warning, 'warning')}, ${ok} ok`;
    output.result(undefined, ['', `${found}.`]);
  }
  return counts.problem > 0 ? exitCodes.failed : exitCodes.done;
}

function section<Values extends object>(read: () => Values): Section<Values> {
  try {
    return { kind: 'valid', ...read() };
  } catch (error) {
    return { kind: 'invalid', message: errorMessage(error) };
  }
}

function pipelineSettings(context: CommandContext): PipelineSettings {
  const { env, clock, signal } = context;
  const config = readConfig(clusterAndRegistryConfig, env);
  const { partitions, replicationFactor } = readConfig(topicsConfig, env);
  const { ledgerWindowHours } = readConfig(ledgerConfig, env);
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  const brokers = config.kafkaBrokers;
  return {
    brokers,
    registryUrl: config.schemaRegistryUrl,
    groups: groupsOf(readConfig(lagConfig, env)),
    replicationFactor,
    ledgerWindowMs: ledgerWindowHours * HOUR_MS,
    registry: createRegistryInspector(config, clock),
    commandTopic: topicsFor(config.kafkaTopicPrefix).commands.name,
    openCluster: () =>
      withWaitNote(
        context,
        `the brokers ${brokers.join(', ')}`,
        openCluster({ config, logger, clientName: 'cli', partitions, signal }),
      ),
  };
}
