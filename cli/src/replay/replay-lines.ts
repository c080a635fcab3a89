/** A replay in words: what it would do, what it did, and what is missing. Pure. */
import type { MissingRecords, ReplayForecast, ReplayReport, ReplaySource, SkippedRecords } from '@astrolabe/operations';
import { formatCount, formatCounted } from '@astrolabe/operations/quantities';

export function describeForecast(forecast: ReplayForecast, source: ReplaySource): string[] {
  const { read, replayedBefore, filteredOut, unreadable, matched, skippedByLedger, wouldBeSent } = forecast;
  const { commandsMade, eventsWithoutCommands } = forecast;
  const skipped = unreadable === 0 ? '' : `, ${formatCount(unreadable)} cannot be read`;
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

export function describeReport(report: ReplayReport): string[] {
  const { replayId, phase, read, replayedBefore, filteredOut, unreadable, expired, matched, events, commands } = report;
  const { skippedByLedger, delivered, duplicate, deadLettered, cancelled, lost = 0, pending, unread } = report;
  const row = (name: string, count: number): string => `${name.padEnd(28)}${formatCount(count).padStart(12)}`;
  const rowOfSome = (name: string, count: number): string[] => (count > 0 ? [row(name, count)] : []);
  return [
    `Replay ${replayId}: ${phase}`,
    row('read', read),
    row('  skipped, replayed before', replayedBefore),
    row('  filtered out', filteredOut),
    ...rowOfSome('  cannot be read', unreadable),
    ...rowOfSome('  expired before', expired),
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
    ...rowOfSome('    cancelled', cancelled),
    ...rowOfSome('    expired or unreadable', lost),
    ...rowOfSome('    pending', pending),
    ...rowOfSome('not read', unread),
  ];
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

export function describeSkipped({ topic, partition, fromOffset, nextOffset, reason }: SkippedRecords): string {
  return `${topic}[${partition}]@${fromOffset} to ${nextOffset - 1n} are skipped: ${reason}`;
}
