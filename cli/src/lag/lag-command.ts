/** `astrolabe lag`: how far each service is behind, and when it will have caught up. */
import { watchLag, type LagSnapshot } from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { groupsOf, withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { lagConfig } from '../config.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readDuration, type CommonFlags } from '../flags.ts';
import { lagLines, type LagColumns } from './lag-lines.ts';

interface LagFlags extends CommonFlags, LagColumns {
  readonly watch?: boolean;
  readonly interval: number;
}

const DEFAULT_INTERVAL_MS = 2_000;

export function registerLag(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'lag', 'show how far behind each service is: records, time, rates and time to catch up', [
      'astrolabe lag',
      'astrolabe lag --partitions --by-connector --watch',
    ]),
  )
    .option('--partitions', 'show each partition as well')
    .option('--by-connector', 'show waiting records by connector, estimated from the first 20,000 of each partition')
    .option('--watch', 'repeat until Ctrl-C')
    .addOption(
      new Option('--interval <duration>', 'measure rates over this time')
        .argParser(readDuration)
        .default(DEFAULT_INTERVAL_MS, '2s'),
    )
    .action(act((context, flags: LagFlags) => lag(context, flags)));
}

async function lag(context: CommandContext, flags: LagFlags): Promise<ExitCode> {
  const { clock, signal } = context;
  const config = readConfig(lagConfig, context.env);
  const { interval: intervalMs, byConnector = false } = flags;
  return withCluster(context, config, async (cluster) => {
    try {
      for await (const snapshot of watchLag({
        cluster,
        groups: groupsOf(config),
        clock,
        signal,
        intervalMs,
        byConnector,
      })) {
        print(context, flags, snapshot);
        if (flags.watch !== true) break;
      }
      return exitCodes.done;
    } catch (error) {
      if (flags.watch === true && signal.aborted) return exitCodes.done;
      throw error;
    }
  });
}

function print({ output, terminal }: CommandContext, flags: LagFlags, { atMs, services, replays }: LagSnapshot): void {
  const lines = lagLines(services, replays, flags);
  const at = new Date(atMs).toISOString();
  if (flags.watch === true && terminal !== undefined) {
    output.clearScreen();
    lines.unshift(at);
  }
  output.result({ at, services, replays }, lines);
}
