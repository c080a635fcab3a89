/** A replay in words: what it would do, what it did, and what is missing. Pure. */
import type {
  MissingRecords,
  ReplayForecast,
  ReplayReport,
  ReplayRequest,
  ReplayStop,
  SkippedRecords,
} from '@astrolabe/operations';
import { formatCount, formatCounted } from '@astrolabe/operations/quantities';

export function describeForecast(forecast: ReplayForecast, { source }: Pick<ReplayRequest, 'source'>): string[] {
  const { read, replayedBefore, filteredOut, unsendable, matched, skippedByLedger, wouldBeSent } = forecast;
  const { commandsMade, eventsWithoutCommands } = forecast;
  const skipped = unsendable === 0 ? '' : `, ${formatCount(unsendable)} cannot be sent again`;
  const left = `${formatCount(replayedBefore)} replayed before, ${formatCount(filteredOut)} filtered out${skipped}`;
  const readLine = `${formatCounted(read, source.slice(0, -1))} read: ${left}, ${formatCount(matched)} matched.`;
  if (commandsMade === undefined || eventsWithoutCommands === undefined) {
    return [
      readLine,
      `The ledger would skip ${formatCount(skippedByLedger)}; ${formatCount(wouldBeSent)} would be sent.`,
    ];
  }
  const delivered = formatCount(commandsMade - skippedByLedger);
  return [
    readLine,
    `${formatCount(wouldBeSent)} would be mapped again. Last time these produced ${formatCounted(commandsMade, 'command')}; ` +
      `${formatCounted(eventsWithoutCommands, 'event')} produced none.`,
    `If mapped as before, the ledger would skip ${formatCounted(skippedByLedger, 'command')} and ${delivered} would be delivered.`,
    'Estimate: exact only if mapping rules and suppressions have not changed since.',
  ];
}

/** Where a replay stopped before everything had ended: why, and how to resume it. */
export interface StopLines {
  readonly reason: string;
  readonly resume: string;
}

export function describeReport(report: ReplayReport, stopped: StopLines | undefined): string[] {
  const { replayId, read, replayedBefore, filteredOut, unsendable, matched, events, commands, pending } = report;
  const { skippedByLedger, delivered, duplicate, deadLettered } = report;
  const row = (name: string, count: number): string => `${name.padEnd(28)}${formatCount(count).padStart(12)}`;
  return [
    `Replay ${replayId}`,
    row('read', read),
    row('  skipped, replayed before', replayedBefore),
    row('  filtered out', filteredOut),
    ...(unsendable > 0 ? [row('  cannot be sent again', unsendable)] : []),
    row('  matched', matched),
    ...(events === undefined
      ? []
      : [
          row('    made commands', events.mapped),
          row('    made none', events.skipped),
          row('    dead-lettered', events.deadLettered),
          row('commands', commands ?? 0),
        ]),
    row('    skipped by the ledger', skippedByLedger),
    row('    delivered', delivered),
    row('    duplicates at the API', duplicate),
    row('    dead-lettered', deadLettered),
    ...(pending > 0 ? [row('pending', pending)] : []),
    ...(stopped === undefined ? [] : describeStop(stopped, pending)),
  ];
}

function describeStop({ reason, resume }: StopLines, pending: number): string[] {
  const left = pending > 0 ? ' Pending records are on their topic; the services process them when they continue.' : '';
  return [`Stopped early: ${reason}.${left}`, `Nothing is lost. To resume: ${resume}`];
}

/** `errorMessage`: how a fault is worded. */
export function stopReason(stop: ReplayStop, pending: number, errorMessage: (error: unknown) => string): string {
  switch (stop.kind) {
    case 'stalled':
      return `${formatCount(pending)} pending and no service is making progress; see "astrolabe lag" and "astrolabe doctor"`;
    case 'interrupted':
      return errorMessage(stop.reason);
    case 'failed':
      return errorMessage(stop.error);
  }
}

export function describeMissing(topic: string, missing: MissingRecords): string {
  if (missing.kind === 'removed-times') {
    const { partitions, removed } = missing;
    return `${topic}: records of the requested time may be missing from partitions ${partitions.join(', ')}: retention has removed ${formatCounted(removed, 'older offset')}.`;
  }
  const { partition, lowWatermark, highWatermark } = missing.bounds;
  const has =
    lowWatermark === highWatermark
      ? `the partition is empty (its next offset is ${highWatermark})`
      : `the partition has ${lowWatermark} to ${highWatermark - 1n}`;
  const { firstOffset } = missing;
  const what =
    missing.kind === 'removed-offsets'
      ? `offsets ${firstOffset} to ${missing.lastOffset} are gone`
      : `offsets from ${firstOffset} on do not exist yet`;
  return `${topic}[${partition}]: ${what}; ${has}.`;
}

export function describeSkipped(skipped: SkippedRecords): string {
  const { topic, partition } = skipped;
  switch (skipped.kind) {
    case 'too-large':
      return `${topic}[${partition}]@${skipped.offset} is skipped: its ${skipped.sizeBytes} bytes are more than the topic accepts`;
    case 'unreadable':
      return `${topic}[${partition}]@${skipped.fromOffset} to ${skipped.nextOffset - 1n} are skipped: ${skipped.reason}`;
  }
}
