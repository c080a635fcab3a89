/** `astrolabe replay`: events through the mapper again, or commands through the dispatcher, and managing that. */
import type { ReplaySource } from '@astrolabe/operations';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Act } from '../command-context.ts';
import {
  addChangeOptions,
  addClusterOption,
  addRangeOptions,
  addVerb,
  readCount,
  readDuration,
  type CommonFlags,
} from '../flags.ts';
import { cancel, list, pause, resume, status } from './control-replay.ts';
import type { ControlFlags, ReplayFlags, ResumeFlags, StatusFlags } from './replay-flags.ts';
import { replayRecords } from './start-replay.ts';

export function registerReplay(program: Command, act: Act): void {
  const replay = program
    .command('replay')
    .description('send events or commands through the services again; nothing is delivered twice');
  registerStarts(replay, act);
  addClusterOption(addVerb(replay, 'list', 'show all replays', ['astrolabe replay list'])).action(
    act((context, flags: CommonFlags) => list(context, flags)),
  );
  addClusterOption(
    addVerb(replay, 'status <id>', 'show how far a replay is, by partition, and what came of it', [
      'astrolabe replay status 3f0c9a --follow',
    ]),
  )
    .option('--follow', 'go on until it ends or is paused')
    .addOption(timeoutOption())
    .action(act((context, flags: StatusFlags, id: string) => status(context, flags, id)));
  addControl(replay, 'pause', 'stop reading on until it is resumed').action(
    act((context, flags: ControlFlags, id: string) => pause(context, flags, id)),
  );
  addClusterOption(
    addVerb(replay, 'resume <id>', 'go on with a replay that was paused', [
      'astrolabe replay resume 3f0c9a',
      'astrolabe replay resume 3f0c9a --rate 500',
    ]),
  )
    .addOption(
      new Option('--rate <records>', 'change the most per second; "none" for no limit').argParser(readCountOrNone),
    )
    .action(act((context, flags: ResumeFlags, id: string) => resume(context, flags, id)));
  addControl(replay, 'cancel', 'end a replay; what was read and not started is dropped').action(
    act((context, flags: ControlFlags, id: string) => cancel(context, flags, id)),
  );
}

function registerStarts(replay: Command, act: Act): void {
  const verb = (source: ReplaySource) => act((context, flags: ReplayFlags) => replayRecords(context, source, flags));
  addReplayOptions(
    addVerb(replay, 'events', 'send raw events through the mapper again, for example after a mapping rule changed', [
      'astrolabe replay events --by-duration 2h --connector acme --dry-run',
      'astrolabe replay events --to-datetime 2026-03-01T10:00:00Z --until-datetime 2026-03-01T12:00:00Z --execute',
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
    .addOption(new Option('--id <id>', 'start it with this id, or follow the one that has it').argParser(readId))
    .option('--dry-run', 'count what would be sent, and start nothing')
    .option('--force', 'deliver again, once, what was already delivered; needs --yes or confirmation')
    .option('--include-replayed', 'include copies that replays of versions before this one wrote')
    .addOption(
      new Option('--rate <records>', 'at most this many per second; default: whatever live traffic leaves').argParser(
        readCount,
      ),
    )
    .option('--detach', 'start it and do not follow it')
    .addOption(timeoutOption());
}

const DEFAULT_CONTROL_TIMEOUT_MS = 30_000;

function addControl(replay: Command, name: 'pause' | 'cancel', description: string): Command {
  return addClusterOption(addVerb(replay, `${name} <id>`, description, [`astrolabe replay ${name} 3f0c9a`])).addOption(
    timeoutOption().default(DEFAULT_CONTROL_TIMEOUT_MS, '30s'),
  );
}

function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'stop following when no service makes progress for this long').argParser(
    readDuration,
  );
}

/** It becomes part of keys and headers. */
function readId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('expected up to 64 letters, digits, ".", "_" and "-".');
  }
  return text;
}

function readCountOrNone(text: string): number | 'none' {
  return text === 'none' ? 'none' : readCount(text);
}
