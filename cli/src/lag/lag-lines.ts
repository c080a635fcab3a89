/** Lag as tables for people. Pure. */
import type { ListedReplay, ServiceLag, TotalLag } from '@astrolabe/operations';
import { formatCount, formatDuration } from '@astrolabe/operations/quantities';
import { describeHold } from '@astrolabe/kafka';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { listLines } from '../replay/status-lines.ts';

export interface LagColumns {
  readonly byConnector?: boolean;
  readonly partitions?: boolean;
}

export function lagLines(
  services: readonly ServiceLag[],
  replays: readonly ListedReplay[],
  columns: LagColumns,
): string[] {
  const lines = serviceLines(services, columns);
  return replays.length === 0 ? lines : [...lines, '', 'Replays, not counted as lag:', ...listLines(replays, [])];
}

function serviceLines(services: readonly ServiceLag[], columns: LagColumns): string[] {
  const rows = services.flatMap(({ service, total, partitions }) => [
    row(service, 'all', total),
    ...(columns.partitions === true ? partitions.map((each) => row(service, String(each.partition), each)) : []),
  ]);
  const notes = services.flatMap(noteLines);
  const table = formatTable(['SERVICE', 'PARTITION', 'RECORDS', 'BEHIND', 'IN/S', 'OUT/S', 'CAUGHT UP IN'], rows);
  const lines = notes.length === 0 ? table : [...table, '', ...notes];
  if (columns.byConnector !== true) return lines;
  const connectors = services.flatMap(({ service, total }) =>
    Object.entries(total.byConnector)
      .toSorted(([, a], [, b]) => b - a)
      .map(([connector, records]) => [service, connector, records]),
  );
  if (connectors.length === 0) return lines;
  return [...lines, '', ...formatTable(['SERVICE', 'CONNECTOR', 'RECORDS'], connectors)];
}

/** Why a service does not advance, where its topic shows it. */
function noteLines({ service, topic, held, recreated }: ServiceLag): string[] {
  const lines = held.map((each) => `${service}: ${topic}[${each.partition}] is ${describeHold(each)}.`);
  if (recreated.length === 0) return lines;
  const partitions = recreated.map(({ partition }) => partition).join(', ');
  return [
    ...lines,
    `${service}: ${topic} was deleted and created again; the stored position of partitions ${partitions} is of the old topic. See "astrolabe doctor".`,
  ];
}

function row(service: string, partition: string, lag: TotalLag): string[] {
  const { records, isEstimate, behindMs, inPerSecond, outPerSecond, cursorOutPerSecond, catchUpMs } = lag;
  return [
    service,
    partition,
    `${isEstimate ? '~' : ''}${formatCount(records)}`,
    records === 0 ? '-' : formatDuration(behindMs),
    inPerSecond === undefined ? '-' : formatCount(Math.round(inPerSecond)),
    outPerSecond === undefined ? '-' : formatCount(Math.round(outPerSecond + (cursorOutPerSecond ?? 0))),
    records === 0 ? 'caught up' : catchUpMs === undefined ? 'not catching up' : formatDuration(catchUpMs),
  ];
}
