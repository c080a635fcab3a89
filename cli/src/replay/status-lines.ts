/** Replays as they are, for people. Pure. */
import type { ListedReplay, OlderReplay, ReplaySummary } from '@astrolabe/operations';
import { formatCount, formatDuration } from '@astrolabe/operations/quantities';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { cancelLine, resumeLine, startLine } from './replay-flags.ts';
import { describeReport } from './replay-lines.ts';

export function listLines(replays: readonly ListedReplay[], older: readonly OlderReplay[]): string[] {
  if (replays.length === 0 && older.length === 0) return ['There are no replays.'];
  const rows = [
    ...replays.map((replay) => [
      replay.id,
      replay.source,
      replay.isOrphan ? 'topic is gone' : replay.phase,
      `${Math.floor(replay.share * 100)}%`,
      rate(replay),
      remaining(replay),
      replay.startedAt,
    ]),
    ...older.map((replay) => [
      replay.id,
      replay.kind === 'readable' ? replay.request.source : '-',
      'started by an older version',
      '-',
      '-',
      '-',
      replay.kind === 'readable' ? replay.startedAt : '-',
    ]),
  ];
  return formatTable(['ID', 'SOURCE', 'STATE', 'DONE', 'READ/S', 'LEFT', 'STARTED'], rows);
}

export function statusLines(replay: ListedReplay): string[] {
  const { id, source, startedAt, recordsPerSecond, gaveWayMs, partitions, report, isOrphan } = replay;
  const [, ...rows] = describeReport(report);
  const table = formatTable(
    ['PARTITION', 'FROM', 'NEXT', 'END', 'NOT READ', 'GAVE WAY'],
    partitions.map((each) => [
      each.partition,
      each.fromOffset,
      each.nextOffset ?? '-',
      each.endOffset,
      each.unread,
      formatDuration(each.gaveWayMs),
    ]),
    { rightFrom: 0 },
  );
  return [
    `Replay ${id} of ${source}: ${stateOf(replay)}`,
    `started ${startedAt}${recordsPerSecond === undefined ? '' : `, at most ${formatCount(recordsPerSecond)} a second`}`,
    `gave way to live records for ${formatDuration(gaveWayMs)}, summed over partitions`,
    '',
    ...table,
    '',
    ...rows,
    ...(isOrphan
      ? ['', `Its topic was deleted and created again, so no service works on it. To remove it: ${cancelLine(id)}`]
      : []),
  ];
}

function stateOf(replay: ReplaySummary): string {
  const { phase, share } = replay;
  const percent = `${Math.floor(share * 100)}%`;
  switch (phase) {
    case 'waiting':
      return 'waiting for a service to take it';
    case 'running':
      return `running, ${percent}, ${rate(replay)} a second, ${remaining(replay)} left`;
    case 'paused':
      return `paused, ${percent}; to go on: ${resumeLine(replay.id)}`;
    default:
      return `${phase}, ${percent}`;
  }
}

function rate({ readPerSecond }: ReplaySummary): string {
  return readPerSecond === undefined ? '-' : formatCount(Math.round(readPerSecond));
}

function remaining({ remainingMs }: ReplaySummary): string {
  return remainingMs === undefined ? '-' : formatDuration(remainingMs);
}

/** What is not read yet is started as a replay of its own; what was sent is on the topic like any record. */
export function olderLines(replay: OlderReplay): string[] {
  const { id } = replay;
  if (replay.kind === 'unreadable') {
    return [`Replay ${id} was started by an older version, and what that has stored cannot be read: ${replay.reason}.`];
  }
  const { request, startedAt, remaining: offsets } = replay;
  const sent = 'What that version had sent is processed as live records.';
  const lines = [`Replay ${id} of ${request.source} was started by an older version at ${startedAt}. ${sent}`];
  if (offsets === '') return [...lines, 'It had read everything.'];
  return [...lines, `This version does not go on with it. To replay the rest: ${startLine(request, offsets)}`];
}
