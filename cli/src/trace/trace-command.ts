/** `astrolabe trace`: where an event, a command or a user has been. */
import { describeHold } from '@astrolabe/kafka';
import { openConnectorsDocument, traceId, type Trace, type TracedKind } from '@astrolabe/operations';
import { formatCounted, formatDuration } from '@astrolabe/operations/quantities';
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { groupsOf, withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { connectorsConfig, lagConfig } from '../config.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readDuration, type CommonFlags } from '../flags.ts';
import { decoderFrom } from '../registry.ts';
import { traceLines } from './trace-lines.ts';

interface TraceFlags extends CommonFlags {
  readonly as?: TracedKind;
  readonly byDuration: number;
  readonly connector?: string;
  readonly full?: boolean;
}

const DAY_MS = 86_400_000;
const DEFAULT_REACH_MS = 7 * DAY_MS;

export function registerTrace(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'trace <id>', 'show every hop of an event (by messageId), a command (by id) or a user', [
      'astrolabe trace node-next-1780000000000-0b8bcd3c-9e5c-4c3c-8d3a-0f6f6d1a2b3c',
      'astrolabe trace --as user u1 --connector acme --by-duration 1d',
    ]),
  )
    .addOption(
      new Option(
        '--as <kind>',
        'what the id is (default: guessed from its form; if no such message is found, a user)',
      ).choices(['message', 'command', 'user']),
    )
    .addOption(
      new Option('--by-duration <duration>', 'how far back to search')
        .argParser(readDuration)
        .default(DEFAULT_REACH_MS, '7d'),
    )
    .option('--connector <id>', 'limit a user trace to this connector (default: all)')
    .option('--full', 'show values as well')
    .action(act((context, flags: TraceFlags, id: string) => trace(context, flags, id)));
}

async function trace(context: CommandContext, flags: TraceFlags, id: string): Promise<ExitCode> {
  const { clock, signal } = context;
  const startedAtMs = clock.monotonicMs();
  const config = readConfig(lagConfig, context.env);
  return withCluster(context, config, async (cluster) => {
    const progress = context.startProgress('searching', 'records');
    const sinceMs = clock.nowMs() - flags.byDuration;
    try {
      const traced = await traceId({
        cluster,
        decoder: decoderFrom(context),
        dispatcherGroup: groupsOf(config).dispatcher,
        id,
        kind: flags.as,
        sinceMs,
        connectors: () => connectorsToSearch(context, flags),
        clock,
        signal,
        onProgress: progress.update,
      });
      progress.end();
      print(context, flags, traced);
      const took = formatDuration(clock.monotonicMs() - startedAtMs);
      const searched = `${formatCounted(traced.searched, 'record')} searched, ${took}`;
      if (traced.hops.length > 0) {
        const found = `${formatCounted(traced.hops.length, 'record')}, ${formatCounted(traced.deliveries.length, 'delivery', 'deliveries')}`;
        context.note(`${found}; ${searched}.`);
        return exitCodes.done;
      }
      context.note(`Nothing found for ${id} since ${new Date(sinceMs).toISOString()} (${searched}).`);
      for (const each of traced.hidden) {
        context.note(
          `${each.topic}[${each.partition}] is ${describeHold(each)}: records after that cannot be read yet.`,
        );
      }
      return exitCodes.failed;
    } finally {
      progress.end();
    }
  });
}

async function connectorsToSearch({ env }: CommandContext, { connector }: TraceFlags): Promise<readonly string[]> {
  if (connector !== undefined) return [connector];
  const { connectors } = await openConnectorsDocument(readConfig(connectorsConfig, env).connectorsFile);
  return connectors.map(({ id }) => id);
}

function print({ output }: CommandContext, { full }: TraceFlags, traced: Trace): void {
  for (const { line, json, notes } of traceLines(traced)) {
    if (output.isJson) output.json(json);
    else output.lines([line, ...[...notes, ...(full === true ? [json] : [])].map((each) => `  ${each}`)]);
  }
}
