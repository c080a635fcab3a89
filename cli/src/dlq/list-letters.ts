import { offsetsIn, type Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { formatCount, formatTable } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { createLetterGroups } from './group-letters.ts';
import { readLetters, spansOfSelection, type SelectionFlags } from './letter-selection.ts';
import { readRedriveLog } from './redrive-log.ts';

export interface ListFlags extends CommonFlags, SelectionFlags {
  readonly interval?: number;
  readonly all?: boolean;
}

const MESSAGE_CHARACTERS = 60;

/** What waits on the dead-letter topics, by cause and connector and, if asked, by time. */
export async function listLetters(context: CommandContext, cluster: Cluster, flags: ListFlags): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const redrives = await readRedriveLog(cluster, signal, clock.nowMs());
  const selection = await spansOfSelection(cluster, flags, clock.nowMs());
  const groups = createLetterGroups(flags.interval);
  const progress = context.startProgress('reading', 'dead letters');
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  let read = 0;
  await readLetters(cluster, selection, flags, signal, (letters, records) => {
    for (const letter of letters) groups.add(letter, redrives.stateOf(letter.record));
    progress.update((read += records), { total });
  });
  progress.end();
  const all = groups.all();
  const shown = flags.all === true ? all : all.filter(({ waiting }) => waiting > 0);
  const waiting = all.reduce((sum, group) => sum + group.waiting, 0);
  const redriven = all.reduce((sum, group) => sum + group.redriven, 0);
  const dismissed = all.reduce((sum, group) => sum + group.dismissed, 0);
  const rows = shown.map((group) => [
    ...(flags.interval === undefined ? [] : [toMinute(group.intervalAtMs ?? 0)]),
    group.topic,
    group.code,
    group.connectorId,
    group.waiting,
    ...(flags.all === true ? [group.redriven, group.dismissed] : []),
    toMinute(group.firstAtMs),
    toMinute(group.lastAtMs),
    group.example,
    firstCharacters(group.message),
  ]);
  const head = [
    'TOPIC',
    'CAUSE',
    'CONNECTOR',
    'WAITING',
    ...(flags.all === true ? ['REDRIVEN', 'DISMISSED'] : []),
    'FIRST',
    'LAST',
    'NEWEST',
    'MESSAGE',
  ];
  output.result(
    {
      waiting,
      redriven,
      dismissed,
      groups: shown.map(({ intervalAtMs, firstAtMs, lastAtMs, ...group }) => ({
        ...group,
        ...(intervalAtMs !== undefined && { interval: new Date(intervalAtMs).toISOString() }),
        first: new Date(firstAtMs).toISOString(),
        last: new Date(lastAtMs).toISOString(),
      })),
    },
    [
      ...(shown.length === 0 ? [] : formatTable(flags.interval === undefined ? head : ['FROM', ...head], rows)),
      [
        `${formatCount(waiting)} dead letters wait`,
        ...(redriven > 0 ? [`${formatCount(redriven)} were redriven`] : []),
        ...(dismissed > 0 ? [`${formatCount(dismissed)} were dismissed`] : []),
      ].join(', ') + '.',
    ],
  );
  return exitCodes.done;
}

function toMinute(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

function firstCharacters(message: string): string {
  return message.length <= MESSAGE_CHARACTERS ? message : `${message.slice(0, MESSAGE_CHARACTERS - 3)}...`;
}
