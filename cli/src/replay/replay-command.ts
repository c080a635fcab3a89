/** `astrolabe replay`: events through the mapper again, or commands through the dispatcher. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ReplaySource } from '@astrolabe/operations';
import type { Act } from '../command-context.ts';
import { addChangeOptions, addClusterOption, addRangeOptions, addVerb, readCount, readDuration } from '../flags.ts';
import { DEFAULT_OUTSTANDING, DEFAULT_RATE, DEFAULT_STALL_TIMEOUT_MS, type ReplayFlags } from './replay-flags.ts';
import { replayRecords } from './replay-records.ts';

export function registerReplay(program: Command, act: Act): void {
  const replay = program
    .command('replay')
    .description('send events or commands through the services again; nothing is delivered twice');
  const verb = (source: ReplaySource) => act((context, flags: ReplayFlags) => replayRecords(context, source, flags));
  addReplayOptions(
    addVerb(replay, 'events', 'send raw events through the mapper again, for example after a mapping rule changed', [
      'astrolabe replay events --by-duration 2h --connector acme --dry-run',
      'astrolabe replay events --to-datetime 2026-03-01T10:00:00Z --until-datetime 2026-03-01T12:00:00Z --execute',
      'astrolabe replay events --id 3f0c9a --execute',
    ]),
  ).action(verb('events'));
  addReplayOptions(
    addVerb(replay, 'commands', 'send commands through the dispatcher again', [
      'astrolabe replay commands --offsets 0:100-200,1:5- --dry-run',
      'astrolabe replay commands --all --connector acme --rate 500 --execute',
      'astrolabe replay commands --by-duration PT1H --user ada --force --yes',
    ]),
  ).action(verb('commands'));
}

function addReplayOptions(verb: Command): Command {
  return addChangeOptions(addRangeOptions(addClusterOption(verb)))
    .option('--all', 'same as --to-earliest')
    .option('--connector <id...>', 'only these connectors')
    .option('--user <id>', 'only this user')
    .option('--account <id>', 'only this account')
    .option('--type <type>', 'only this type, such as track or UpsertUser')
    .option('--event <name>', 'only events tracked under this name')
    .addOption(new Option('--id <id>', 'resume this replay, or start one with this id').argParser(readId))
    .option('--dry-run', 'count what would be sent, and send nothing')
    .option('--force', 'deliver again, once, what was already delivered; needs --yes or confirmation')
    .option('--include-replayed', 'include the copies that earlier replays wrote')
    .addOption(
      new Option('--rate <records>', 'at most this many per second').argParser(readCount).default(DEFAULT_RATE),
    )
    .addOption(
      new Option('--max-outstanding <records>', 'most records in flight at a time; live traffic may wait behind them')
        .argParser(readCount)
        .default(DEFAULT_OUTSTANDING),
    )
    .addOption(
      new Option('--timeout <duration>', 'give up when no service makes progress for this long')
        .argParser(readDuration)
        .default(DEFAULT_STALL_TIMEOUT_MS, '1m'),
    );
}

/** It becomes part of a consumer group's name and of a transactional id. */
function readId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('expected up to 64 letters, digits, ".", "_" and "-".');
  }
  return text;
}
