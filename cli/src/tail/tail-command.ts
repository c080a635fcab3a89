/** `astrolabe tail`: records as they come. */
import type { DeliveryOutcome } from '@astrolabe/ledger';
import { tailedTopics, tailRecords, type RecordFilter, type TailedItem, type TailedTopic } from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { Argument, Option, type Command } from 'commander';
import { withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { clusterConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import {
  addClusterOption,
  addRangeOptions,
  addVerb,
  readCount,
  readDuration,
  type CommonFlags,
  type RangeFlags,
} from '../flags.ts';
import { toDeliveryJson, toDeliveryLine, toRecordJson, toRecordLine } from '../record-lines.ts';
import { rangeUsage } from '../refusals.ts';
import { decoderFrom } from '../registry.ts';

interface TailFlags extends CommonFlags, RangeFlags, RecordFilter {
  readonly outcome?: DeliveryOutcome;
  readonly full?: boolean;
  readonly maxMessages?: number;
  readonly timeout?: number;
}

export function registerTail(program: Command, act: Act): void {
  addRangeOptions(
    addClusterOption(
      addVerb(
        program,
        'tail',
        'follow events, commands, commands of replays, dead letters or deliveries until Ctrl-C',
        [
          'astrolabe tail events --connector acme --user u1',
          'astrolabe tail dead-letters --by-duration 10m --full',
          'astrolabe tail deliveries --connector acme --outcome dead-lettered',
          'astrolabe tail commands --type UpsertUser --max-messages 10 --json',
        ],
      ),
    ),
  )
    .addArgument(new Argument('<what>', 'which records').choices([...tailedTopics]))
    .option('--connector <id>', 'only this connector')
    .option('--user <id>', 'only this user')
    .option('--account <id>', 'only this account')
    .option('--type <type>', 'only this type, such as track or UpsertUser')
    .option('--event <name>', 'only events tracked under this name')
    .addOption(
      new Option('--outcome <outcome>', 'only deliveries with this outcome').choices([
        'delivered',
        'duplicate',
        'dead-lettered',
      ]),
    )
    .option('--full', 'print the value and all fields as well')
    .addOption(new Option('--max-messages <count>', 'stop after this many').argParser(readCount))
    .addOption(new Option('--timeout <duration>', 'stop after this long').argParser(readDuration))
    .action(act((context, flags: TailFlags, what: TailedTopic) => tail(context, flags, what)));
}

async function tail(context: CommandContext, flags: TailFlags, what: TailedTopic): Promise<ExitCode> {
  const { clock, signal } = context;
  const { outcome, user, account, type, event } = flags;
  if (what !== 'deliveries' && outcome !== undefined) throw new UsageError('--outcome works with deliveries only.');
  if (what === 'deliveries' && [user, account, type, event].some((flag) => flag !== undefined)) {
    throw new UsageError(
      'Deliveries can be filtered by --connector and --outcome only; for those of a user use "astrolabe trace".',
    );
  }
  return withCluster(context, readConfig(clusterConfig, context.env), async (cluster) => {
    const enough = new AbortController();
    const ends = AbortSignal.any([signal, enough.signal]);
    if (flags.timeout !== undefined) {
      clock.sleep(flags.timeout, ends).then(
        () => enough.abort(),
        () => undefined,
      );
    }
    try {
      const tailed = await tailRecords({
        cluster,
        what,
        range: flags,
        filter: flags,
        outcome,
        decoder: decoderFrom(context),
        nowMs: clock.nowMs(),
        signal: ends,
        onItem: printer(context, flags, () => enough.abort()),
      });
      if (tailed.kind !== 'ended' && tailed.kind !== 'stopped') throw rangeUsage(tailed);
      return exitCodes.done;
    } finally {
      enough.abort();
    }
  });
}

function printer({ output }: CommandContext, flags: TailFlags, onEnough: () => void): (item: TailedItem) => void {
  let shown = 0;
  return (item) => {
    // Partitions are read side by side: another one may have been the last.
    if (flags.maxMessages !== undefined && shown >= flags.maxMessages) return;
    shown += 1;
    const isRecord = item.kind === 'record';
    const json = isRecord ? toRecordJson(item.record) : toDeliveryJson(item.delivery);
    if (output.isJson) output.json(json);
    else {
      const line = isRecord ? toRecordLine(item.record) : toDeliveryLine(item.delivery);
      output.lines(flags.full === true ? [line, `  ${json}`] : [line]);
    }
    if (shown === flags.maxMessages) onEnough();
  };
}
