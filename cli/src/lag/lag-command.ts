/** `astrolabe lag`: how far each service is behind, and when it will have caught up. */
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { describeHold, findHoldingTransactions, type HoldingTransaction } from '@astrolabe/kafka';
import { openCluster, type Cluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { lagConfig } from '../config.ts';
import { formatDuration } from '../core/durations.ts';
import { formatCount, formatTable } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readDuration, type CommonFlags } from '../flags.ts';
import { findRecreated, type RecreatedPosition } from './find-recreated.ts';
import { readingsOf, readUnread, sampleLag, type Reading } from './measure-lag.ts';
import { partitionLag, sumLag, type LagSample, type PartitionLag } from './partition-lag.ts';

interface LagFlags extends CommonFlags {
  readonly watch?: boolean;
  readonly interval: number;
  readonly byConnector?: boolean;
  readonly partitions?: boolean;
}

interface ServiceLag extends Reading {
  readonly partitions: readonly PartitionLag[];
  /** Transactions that keep records from the service. */
  readonly held: readonly HoldingTransaction[];
  /** Positions of another topic of that name. */
  readonly recreated: readonly RecreatedPosition[];
}

const DEFAULT_INTERVAL_MS = 2_000;
/** Offsets of a partition that are looked at for ages and connectors; more are estimated from them. */
const SAMPLE_OFFSETS = 500;
const CONNECTOR_SAMPLE_OFFSETS = 20_000;

export function registerLag(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'lag', 'how far each service is behind: records, time, rates, time to catch up', [
      'astrolabe lag',
      'astrolabe lag --partitions --by-connector --watch',
    ]),
  )
    .option('--partitions', 'each partition as well')
    .option('--by-connector', 'whose records wait; estimated from the first 20,000 of a partition')
    .option('--watch', 'again and again, until Ctrl-C')
    .addOption(
      new Option('--interval <duration>', 'rates are measured over this')
        .argParser(readDuration)
        .default(DEFAULT_INTERVAL_MS, '2s'),
    )
    .action(act((context, flags: LagFlags) => lag(context, flags)));
}

async function lag(context: CommandContext, flags: LagFlags): Promise<ExitCode> {
  const { clock, signal, output, terminal } = context;
  const config = readConfig(lagConfig, context.env);
  const cluster = await openCluster(config, context);
  const readings = readingsOf(config, cluster.topics);
  try {
    let earlier = await Promise.all(readings.map((reading) => sampleLag(cluster, reading, clock.nowMs)));
    do {
      await clock.sleep(flags.interval, signal);
      const samples = await Promise.all(readings.map((reading) => sampleLag(cluster, reading, clock.nowMs)));
      const services: ServiceLag[] = [];
      for (const [index, reading] of readings.entries()) {
        const partitions = await lagsOf(context, cluster, reading, samples[index] ?? new Map(), earlier[index], flags);
        const { topic } = reading;
        const held = partitions.flatMap(({ partition, heldFrom: fromOffset }) =>
          fromOffset === undefined ? [] : [{ topic, partition, fromOffset }],
        );
        services.push({
          ...reading,
          partitions,
          held: await findHoldingTransactions(cluster.connection, held),
          recreated: await findRecreated(cluster, reading, signal),
        });
      }
      earlier = samples;
      const lines = describe(services, flags);
      if (flags.watch === true && terminal !== undefined) {
        output.clearScreen();
        lines.unshift(new Date(clock.nowMs()).toISOString());
      }
      output.result(
        {
          at: new Date(clock.nowMs()).toISOString(),
          services: services.map((each) => ({ ...each, total: sumLag(each.partitions) })),
        },
        lines,
      );
    } while (flags.watch === true);
    return exitCodes.done;
  } catch (error) {
    // The only end that watching has.
    if (flags.watch === true && signal.aborted) return exitCodes.done;
    throw error;
  } finally {
    await cluster.close();
  }
}

async function lagsOf(
  { signal }: CommandContext,
  cluster: Cluster,
  reading: Reading,
  samples: ReadonlyMap<number, LagSample>,
  earlier: ReadonlyMap<number, LagSample> | undefined,
  { byConnector }: LagFlags,
): Promise<PartitionLag[]> {
  const limit = byConnector === true ? CONNECTOR_SAMPLE_OFFSETS : SAMPLE_OFFSETS;
  return Promise.all(
    [...samples].map(async ([partition, sample]) =>
      partitionLag(
        partition,
        sample,
        await readUnread(cluster, reading, partition, sample, limit, signal),
        earlier?.get(partition),
      ),
    ),
  );
}

function describe(services: readonly ServiceLag[], flags: LagFlags): string[] {
  const rows = services.flatMap(({ service, partitions }) => [
    row(service, 'all', sumLag(partitions)),
    ...(flags.partitions === true ? partitions.map((each) => row(service, String(each.partition), each)) : []),
  ]);
  const notes = services.flatMap(noteLines);
  const table = formatTable(['SERVICE', 'PARTITION', 'RECORDS', 'BEHIND', 'IN/S', 'OUT/S', 'CAUGHT UP IN'], rows);
  const lines = notes.length === 0 ? table : [...table, '', ...notes];
  if (flags.byConnector !== true) return lines;
  const connectors = services.flatMap(({ service, partitions }) =>
    Object.entries(sumLag(partitions).byConnector)
      .toSorted(([, a], [, b]) => b - a)
      .map(([connector, records]) => [service, connector, records]),
  );
  if (connectors.length === 0) return lines;
  return [...lines, '', ...formatTable(['SERVICE', 'CONNECTOR', 'RECORDS'], connectors)];
}

/** Why a service does not go on, where its topic tells. */
function noteLines({ service, topic, held, recreated }: ServiceLag): string[] {
  const lines = held.map((each) => `${service}: ${topic}[${each.partition}] is ${describeHold(each)}.`);
  if (recreated.length === 0) return lines;
  const partitions = recreated.map(({ partition }) => partition).join(', ');
  return [
    ...lines,
    `${service}: ${topic} was deleted and created again, and the position of partitions ${partitions} is of the one before; see "astrolabe doctor".`,
  ];
}

function row(
  service: string,
  partition: string,
  lag: Omit<PartitionLag, 'partition' | 'committed' | 'endOffset' | 'heldFrom'>,
): string[] {
  const { records, isEstimate, behindMs, inPerSecond, outPerSecond, catchUpMs } = lag;
  return [
    service,
    partition,
    `${isEstimate ? '~' : ''}${formatCount(records)}`,
    records === 0 ? '-' : formatDuration(behindMs),
    inPerSecond === undefined ? '-' : formatCount(Math.round(inPerSecond)),
    outPerSecond === undefined ? '-' : formatCount(Math.round(outPerSecond)),
    records === 0 ? 'caught up' : catchUpMs === undefined ? 'not catching up' : formatDuration(catchUpMs),
  ];
}
