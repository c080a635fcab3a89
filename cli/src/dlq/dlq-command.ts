/** `astrolabe dlq`: what was dead-lettered, why, and back with it once the cause is gone. */
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import type { Cluster } from '@astrolabe/operations';
import { withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { clusterConfig } from '../config.ts';
import type { ExitCode } from '../exit-codes.ts';
import {
  addChangeOptions,
  addClusterOption,
  addRangeOptions,
  addVerb,
  readCount,
  readDuration,
  readWholeNumber,
} from '../flags.ts';
import { runDismiss } from './dismiss-command.ts';
import { runExport } from './export-command.ts';
import { runList } from './list-command.ts';
import { runRedrive } from './redrive-command.ts';
import { runShow } from './show-command.ts';

const DEFAULT_MAX_REDRIVES = 3;

/** A verb of dead letters, with the cluster open. */
type DlqVerb<Flags> = (context: CommandContext, cluster: Cluster, flags: Flags, operand?: string) => Promise<ExitCode>;

export function registerDlq(program: Command, act: Act): void {
  const dlq = program.command('dlq').description('list, inspect, edit, redrive or dismiss dead letters');
  const on = <Flags>(verb: DlqVerb<Flags>) =>
    act((context, flags: Flags, operand?: string) =>
      withCluster(context, readConfig(clusterConfig, context.env), (cluster) => verb(context, cluster, flags, operand)),
    );
  registerReading(dlq, on);
  registerDeciding(dlq, on);
}

type On = <Flags>(verb: DlqVerb<Flags>) => (...given: unknown[]) => Promise<void>;

function registerReading(dlq: Command, on: On): void {
  addSelection(
    addVerb(dlq, 'list', 'list waiting dead letters by cause and connector', [
      'astrolabe dlq list',
      'astrolabe dlq list --by-duration 1d --interval 1h --connector acme',
    ]),
  )
    .addOption(new Option('--interval <duration>', 'group by time as well, in steps of this').argParser(readDuration))
    .option('--all', 'include dead letters that were redriven or dismissed')
    .action(on(runList));
  addClusterOption(
    addVerb(dlq, 'show <position>', 'show one dead letter in full, decoded, with its headers', [
      'astrolabe dlq show events:3:41',
      'astrolabe dlq show astrolabe.commands.dlq.v1:0:7 --json',
    ]),
  )
    .option('--topic <name>', 'events or commands, if the position does not say')
    .action(on(runShow));
  addSelection(
    addVerb(dlq, 'export', 'export waiting dead letters as NDJSON, to edit and redrive', [
      'astrolabe dlq export --code event.invalid --out dead-letters.ndjson',
      "astrolabe dlq export --connector acme | jq -r '.messageId'",
    ]),
  )
    .option('--out <path>', 'write to this new file (default: standard output)')
    .option('--all', 'include dead letters that were redriven or dismissed')
    .action(on(runExport));
}

function registerDeciding(dlq: Command, on: On): void {
  addChangeOptions(
    addSelection(
      addVerb(dlq, 'redrive', 'send dead letters back to their source topic, each once', [
        'astrolabe dlq redrive --code api.retries-exhausted --rate 100',
        'astrolabe dlq redrive --from-file dead-letters.ndjson --execute',
        'astrolabe dlq redrive --as-trusted events:2:17',
      ]),
    ),
  )
    .option('--all', 'every waiting dead letter')
    .option('--from-file <path>', 'redrive the edited dead letters in this export')
    .option(
      '--as-trusted <positions...>',
      'redrive exactly these as if sent with the API key: delete and unsuppress take effect',
    )
    .option('--dry-run', 'count what would be sent, and send nothing')
    .addOption(new Option('--rate <records>', 'at most this many per second').argParser(readCount))
    .addOption(
      new Option('--max-redrives <count>', 'leave dead letters that were redriven this often')
        .argParser(readWholeNumber)
        .default(DEFAULT_MAX_REDRIVES),
    )
    .action(on(runRedrive));
  addChangeOptions(
    addSelection(
      addVerb(
        dlq,
        'dismiss',
        'mark dead letters as no longer wanted: they are kept on their topic and not offered again',
        ['astrolabe dlq dismiss --code event.invalid --connector acme --reason "test data"'],
      ),
    ),
  )
    .option('--all', 'every waiting dead letter')
    .option('--from-file <path>', 'dismiss the dead letters in this export')
    .option('--reason <text>', 'stored with the mark and shown by dlq show')
    .option('--dry-run', 'count what would be dismissed, and change nothing')
    .action(on(runDismiss));
}

function addSelection(verb: Command): Command {
  return addRangeOptions(
    addClusterOption(verb)
      .option('--topic <name>', 'events or commands, or the name of a topic')
      .option('--connector <id>', 'only this connector')
      .option('--code <code>', 'only this cause, a code of docs/errors.md')
      .option('--message-id <id>', "only this event, by Segment's messageId")
      .option('--command-id <id>', 'only this command'),
  );
}
