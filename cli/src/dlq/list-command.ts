/** `astrolabe dlq list`. */
import { listDeadLetters, type Cluster, type DeadLetterGroup, type SelectionRequest } from '@astrolabe/operations';
import { formatCount, formatCounted } from '@astrolabe/operations/quantities';
import type { CommandContext } from '../command-context.ts';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { selectionUsage } from './dlq-refusals.ts';

interface ListFlags extends CommonFlags, SelectionRequest {
  readonly interval?: number;
  readonly all?: boolean;
}

const MESSAGE_CHARACTERS = 60;

export async function runList(context: CommandContext, cluster: Cluster, flags: ListFlags): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const progress = context.startProgress('reading', 'dead letters');
  const listed = await listDeadLetters({
    cluster,
    request: flags,
    intervalMs: flags.interval,
    clock,
    signal,
    onProgress: progress.update,
  }).finally(progress.end);
  if (listed.kind !== 'listed') throw selectionUsage(listed);
  const { waiting, redriven, dismissed } = listed;
  const shown = flags.all === true ? listed.groups : listed.groups.filter((group) => group.waiting > 0);
  const summary = [
    `${formatCounted(waiting, 'dead letter')} waiting`,
    ...(redriven > 0 ? [`${formatCount(redriven)} redriven`] : []),
    ...(dismissed > 0 ? [`${formatCount(dismissed)} dismissed`] : []),
  ].join(', ');
  output.result({ waiting, redriven, dismissed, groups: shown.map(toJsonGroup) }, [
    ...tableOf(shown, flags),
    `${summary}.`,
  ]);
  return exitCodes.done;
}

function toJsonGroup({ intervalAtMs, firstAtMs, lastAtMs, ...group }: DeadLetterGroup): unknown {
  return {
    ...group,
    ...(intervalAtMs !== undefined && { interval: new Date(intervalAtMs).toISOString() }),
    first: new Date(firstAtMs).toISOString(),
    last: new Date(lastAtMs).toISOString(),
  };
}

function tableOf(groups: readonly DeadLetterGroup[], { interval, all }: ListFlags): string[] {
  if (groups.length === 0) return [];
  const head = [
    ...(interval === undefined ? [] : ['FROM']),
    'TOPIC',
    'CAUSE',
    'CONNECTOR',
    'WAITING',
    ...(all === true ? ['REDRIVEN', 'DISMISSED'] : []),
    'FIRST',
    'LAST',
    'NEWEST',
    'MESSAGE',
  ];
  const rows = groups.map((group) => [
    ...(interval === undefined ? [] : [toMinute(group.intervalAtMs ?? 0)]),
    group.topic,
    group.code,
    group.connectorId,
    group.waiting,
    ...(all === true ? [group.redriven, group.dismissed] : []),
    toMinute(group.firstAtMs),
    toMinute(group.lastAtMs),
    group.example,
    firstCharacters(group.message),
  ]);
  return formatTable(head, rows);
}

function toMinute(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

function firstCharacters(message: string): string {
  return message.length <= MESSAGE_CHARACTERS ? message : `${message.slice(0, MESSAGE_CHARACTERS - 3)}...`;
}
