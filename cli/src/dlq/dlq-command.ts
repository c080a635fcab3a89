/** `astrolabe dlq`: what was given up, why, and back with it once the cause is gone. */
import { createCommandDecoder, createCommandEncoder } from '@astrolabe/records/serde';
import { readConfig } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { Option, type Command } from 'commander';
import { openCluster, type Cluster } from '../cluster.ts';
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
  type CommonFlags,
} from '../flags.ts';
import { decoderFrom, registryFrom } from '../registry.ts';
import { dismissLetters, type DismissFlags } from './dismiss-letters.ts';
import { exportLetters, type ExportFlags } from './export-letters.ts';
import { listLetters, type ListFlags } from './list-letters.ts';
import { redriveLetters, type RedriveFlags, type RegistryTools } from './redrive-letters.ts';
import { showLetter } from './show-letter.ts';

const DEFAULT_MAX_REDRIVES = 3;

export function registerDlq(program: Command, act: Act): void {
  const dlq = program.command('dlq').description('dead letters: what was given up, why, and back with it');
  addSelection(
    addVerb(dlq, 'list', 'what waits, by cause and connector', [
      'astrolabe dlq list',
      'astrolabe dlq list --by-duration 1d --interval 1h --connector acme',
    ]),
  )
    .addOption(new Option('--interval <duration>', 'by time as well, in steps of this').argParser(readDuration))
    .option('--all', 'also what was redriven or dismissed')
    .action(
      act((context, flags: ListFlags) => withCluster(context, (cluster) => listLetters(context, cluster, flags))),
    );
  addClusterOption(
    addVerb(dlq, 'show <position>', 'one dead letter in full, decoded, with its headers', [
      'astrolabe dlq show events:3:41',
      'astrolabe dlq show astrolabe.commands.dlq.v1:0:7 --json',
    ]),
  )
    .option('--topic <name>', 'events or commands, where the position does not say')
    .action(
      act((context, flags: CommonFlags & { readonly topic?: string }, position: string) =>
        withCluster(context, (cluster) => showLetter(context, cluster, decoderFrom(context), position, flags.topic)),
      ),
    );
  addSelection(
    addVerb(dlq, 'export', 'waiting dead letters as NDJSON, to be edited and redriven', [
      'astrolabe dlq export --code event.invalid --out letters.ndjson',
      "astrolabe dlq export --connector acme | jq -r '.messageId'",
    ]),
  )
    .option('--out <path>', 'into a new file; otherwise to standard output')
    .option('--all', 'also what was redriven or dismissed')
    .action(
      act((context, flags: ExportFlags) =>
        withCluster(context, (cluster) => exportLetters(context, cluster, decoderFrom(context), flags)),
      ),
    );
  addChangeOptions(
    addSelection(
      addVerb(dlq, 'redrive', 'sends dead letters back to their source topic, each once', [
        'astrolabe dlq redrive --code api.retries-exhausted --rate 100',
        'astrolabe dlq redrive --from-file letters.ndjson --execute',
        'astrolabe dlq redrive --as-trusted events:2:17',
      ]),
    ),
  )
    .option('--all', 'every dead letter that waits')
    .option('--from-file <path>', 'redrive the edited dead letters in this export')
    .option(
      '--as-trusted <positions...>',
      'these, one by one, although their senders had shown no more than a write key: delete and unsuppress take effect',
    )
    .option('--dry-run', 'counts what would go and sends nothing')
    .addOption(new Option('--rate <letters>', 'a second at most').argParser(readCount))
    .addOption(
      new Option('--max-redrives <count>', 'a letter that came back this often stays')
        .argParser(readWholeNumber)
        .default(DEFAULT_MAX_REDRIVES),
    )
    .action(
      act((context, flags: RedriveFlags) =>
        withCluster(context, async (cluster, topicPrefix) =>
          redriveLetters(
            context,
            cluster,
            await registryTools(context, cluster, flags),
            flags,
            `${topicPrefix}astrolabe.redrive`,
          ),
        ),
      ),
    );
  registerDismiss(dlq, act);
}

function registerDismiss(dlq: Command, act: Act): void {
  addChangeOptions(
    addSelection(
      addVerb(
        dlq,
        'dismiss',
        'marks dead letters that nobody wants: they stay on their topic and are not offered again',
        ['astrolabe dlq dismiss --code event.invalid --connector acme --reason "test data"'],
      ),
    ),
  )
    .option('--all', 'every dead letter that waits')
    .option('--from-file <path>', 'dismiss the dead letters in this export')
    .option('--reason <text>', 'kept with the mark, shown by dlq show')
    .option('--dry-run', 'counts what would be dismissed and changes nothing')
    .action(
      act((context, flags: DismissFlags) =>
        withCluster(context, (cluster, topicPrefix) =>
          dismissLetters(context, cluster, flags, `${topicPrefix}astrolabe.redrive`),
        ),
      ),
    );
}

function addSelection(verb: Command): Command {
  return addRangeOptions(
    addClusterOption(verb)
      .option('--topic <name>', 'events or commands, or the name of a topic')
      .option('--connector <id>', 'of this connector')
      .option('--code <code>', 'of this cause, one of docs/errors.md')
      .option('--message-id <id>', "of this event, by Segment's messageId")
      .option('--command-id <id>', 'of this command'),
  );
}

async function withCluster(
  context: CommandContext,
  use: (cluster: Cluster, topicPrefix: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = readConfig(clusterConfig, context.env);
  const cluster = await openCluster(config, context);
  try {
    return await use(cluster, config.kafkaTopicPrefix);
  } finally {
    await cluster.close();
  }
}

/** The schemas' ids are asked for only where a command may have to be written anew. */
async function registryTools(
  context: CommandContext,
  { topics }: Cluster,
  { fromFile }: RedriveFlags,
): Promise<RegistryTools> {
  const registry = fromFile === undefined ? undefined : registryFrom(context);
  if (registry === undefined) return { decoder: undefined, encoder: undefined };
  const ids = await registry.commandIds(topics.commands.name).catch((error: unknown) => {
    if (isPipelineError(error, 'registry.schema-missing')) return undefined;
    throw error;
  });
  return {
    decoder: createCommandDecoder(registry),
    encoder: ids === undefined ? undefined : createCommandEncoder(ids),
  };
}
