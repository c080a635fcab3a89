/** The report of a replay that is over adds up, and says what the topics say. */
import type { CallEnd } from '../../traffic/traffic-call.ts';
import type { Evidence } from '../evidence.ts';
import type { ObservedReplay, Position } from '../observed.ts';
import { isInSpans, isOfReplay, wasRead } from '../replays/expected-replays.ts';
import { rejectionOf } from '../segment-meaning.ts';
import { eventKey } from '../sent-events.ts';
import type { Finding } from '../violation.ts';
import { executionsBeforeReadAgain } from './delivered.ts';

export function* findReportsWrong(evidence: Evidence): Iterable<Finding> {
  for (const id of evidence.observed.lostReplays) {
    yield {
      invariant: 'replay-report',
      subject: `replay ${id}`,
      detail: 'it was started, and the topic of replays does not have it',
    };
  }
  for (const replay of evidence.observed.replays) {
    // One that is not over is found as what keeps the pipeline from having drained.
    if (replay.phase === 'open') continue;
    for (const [what, says, is] of [...sumsOf(replay), ...countsOf(replay, evidence)]) {
      if (says === is) continue;
      const subject = `replay ${replay.id} of ${replay.source}, ${replay.phase}`;
      yield { invariant: 'replay-report', subject, detail: `it has ${says} ${what}, and there are ${is}` };
    }
  }
}

/**
 * How many events that were acknowledged, or commands that were executed, before it was started have no record in its
 * range.
 */
function outsideOf(replay: ObservedReplay, { sent, observed }: Evidence): number {
  const { isOfAll, source, startedAtMs } = replay;
  if (!isOfAll) return 0;
  const { events, commands } = observed.topics;
  if (source === 'events') {
    const inside = keysOf(events, replay, ({ connectorId, messageId }) => eventKey(connectorId, messageId));
    const before = sent
      .all()
      .filter(({ event, end }) => rejectionOf(event.body) === undefined && isBefore(end, startedAtMs));
    return before.filter(({ event, call }) => !inside.has(eventKey(call.connectorId, event.messageId))).length;
  }
  const inside = keysOf(commands, replay, ({ commandId }) => commandId);
  const executions = executionsBeforeReadAgain(observed);
  const known = new Set(commands.map(({ commandId }) => commandId));
  return [...known].filter((commandId) => {
    const [execution] = executions.get(commandId) ?? [];
    return execution !== undefined && execution.atMs < startedAtMs && !inside.has(commandId);
  }).length;
}

function keysOf<T extends Position>(records: readonly T[], replay: ObservedReplay, keyOf: (record: T) => string) {
  return new Set(records.filter((record) => isInSpans(record, replay)).map(keyOf));
}

function isBefore(end: CallEnd, atMs: number): boolean {
  return end.kind === 'acknowledged' && end.acknowledgedAtMs < atMs;
}

type Line = readonly [what: string, says: number, is: number];

function sumsOf({ source, phase, spans, counts }: ObservedReplay): readonly Line[] {
  const { read, replayedBefore, filteredOut, unreadable, expired, matched, events, commands } = counts;
  const { skippedByLedger, delivered, duplicate, deadLettered, cancelled, lost, pending } = counts;
  const ended = skippedByLedger + delivered + duplicate + deadLettered + cancelled + lost;
  const unread = spans.filter(({ endOffset, nextOffset }) => nextOffset === undefined || nextOffset < endOffset).length;
  return [
    ['read, by what became of them', read, replayedBefore + filteredOut + unreadable + expired + matched],
    ['copies, unreadable, expired and lost records', replayedBefore + unreadable + expired + lost, 0],
    ['commands pending', pending, 0],
    ...(source === 'commands'
      ? [['matching, by how they ended', matched, ended] as const]
      : [
          ['matching, by what was made of them', matched, sumOf(events)] as const,
          ['commands, by how they ended', commands, ended] as const,
        ]),
    ...(phase === 'cancelled'
      ? []
      : [['commands dropped', cancelled, 0] as const, ['partitions that are not read', unread, 0] as const]),
  ];
}

function sumOf(events: ObservedReplay['counts']['events']): number {
  return events === undefined ? 0 : events.mapped + events.skipped + events.deadLettered;
}

function countsOf(replay: ObservedReplay, evidence: Evidence): readonly Line[] {
  const { observed, replays } = evidence;
  const { topics } = observed;
  const { counts, source, id } = replay;
  const range: readonly (Position & { readonly connectorId: string })[] =
    source === 'events' ? topics.events : topics.commands;
  const read = range.filter((record) => wasRead(record, replay));
  const matched = read.filter((record) => isOfReplay(record, replay));
  const lines: Line[] = [
    ['read', counts.read, read.length],
    ['matching', counts.matched, matched.length],
    ['of those before its start outside of its range', 0, outsideOf(replay, evidence)],
  ];
  if (source === 'events') {
    const made = topics.replayedCommands.filter(({ replayId }) => replayId === id);
    const sources = new Set(made.map(({ from }) => `${from?.partition}@${from?.offset}`));
    const dead = topics.eventDeadLetters.filter(({ replayId }) => replayId === id).length;
    lines.push(
      ['mapped', counts.events?.mapped ?? 0, sources.size],
      ['dead-lettered', counts.events?.deadLettered ?? 0, dead],
      ['commands', counts.commands, made.length],
    );
  }
  if (!replay.isForced || replay.phase !== 'finished' || counts.deadLettered > 0) return lines;
  const executions = executionsBeforeReadAgain(observed);
  const executed = [...replays.deliveries].filter(
    ([deliveryId, [first]]) => first?.replay.id === id && executions.has(deliveryId),
  ).length;
  const called = counts.delivered + counts.duplicate;
  return [
    ...lines,
    ['delivered', counts.delivered, Math.min(counts.delivered, executed)],
    // A command that is on the topic twice may be called for twice: the owner before can tell what it delivered after
    // the next one has read the ledger. The API knows the second one, which is then a duplicate.
    ['delivered or known to the API', called, Math.max(called, executed)],
  ];
}
