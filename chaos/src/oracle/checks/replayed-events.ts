/** Of the mapper: each event that a replay has read has made its commands, or its dead letter, once more, and right. */
import { canonicalJson, type JsonObject } from '@astrolabe/schemas';
import type { Evidence } from '../evidence.ts';
import type { StoredEvent } from '../expected-run.ts';
import type { DeadLetter, ObservedReplay, ObservedTopics, Position, ReplayedCommandRecord } from '../observed.ts';
import { isOfReplay, wasRead } from '../replays/expected-replays.ts';
import { replayedOutcomes, type ReplayedOutcome } from '../replays/replayed-outcomes.ts';
import { keyOfCommand } from '../segment-meaning.ts';
import type { Finding } from '../violation.ts';

/** What a replay made of one event. */
interface Made {
  readonly commands: ReplayedCommandRecord[];
  readonly deadLetters: DeadLetter[];
}

export function* findReplayedOtherwise(evidence: Evidence): Iterable<Finding> {
  const { expected, observed } = evidence;
  const stored = new Map(expected.stored.map((each) => [placeOf(each.record), each]));
  const outcomes = new Map<StoredEvent, readonly ReplayedOutcome[]>();
  const made = madeByReplay(observed.topics);
  for (const replay of observed.replays) {
    if (replay.source !== 'events') continue;
    const own = made.get(replay.id);
    for (const [place, event] of stored) {
      const of = own?.get(place) ?? nothing;
      if (!wasRead(event.record, replay) || !isOfReplay(event.record, replay)) {
        if (of !== nothing)
          yield about(replay, event, 'replayed-once', 'it was replayed, and the replay says that it was not');
        continue;
      }
      const allowed = outcomes.get(event) ?? replayedOutcomes(event, expected);
      outcomes.set(event, allowed);
      yield* judge(replay, event, of, allowed);
    }
  }
  const ofEvents = new Set(observed.replays.flatMap(({ id, source }) => (source === 'events' ? [id] : [])));
  for (const { replayId, from, connectorId, messageId, commandId, partition, offset } of observed.topics
    .replayedCommands) {
    if (ofEvents.has(replayId) && stored.has(placeOf(from))) continue;
    const detail = `the command at ${partition}@${offset} says that replay ${replayId} made it of ${placeOf(from)}, and that is not so`;
    const subject = `command ${commandId} of ${connectorId}`;
    yield { invariant: 'replayed-once', subject, detail, event: { connectorId, messageId } };
  }
}

const nothing: Made = { commands: [], deadLetters: [] };

/** By replay, then by the place of the event. */
function madeByReplay({
  replayedCommands,
  eventDeadLetters,
}: ObservedTopics): ReadonlyMap<string, ReadonlyMap<string, Made>> {
  const made = new Map<string, Map<string, Made>>();
  const madeOf = (replayId: string, place: string) => {
    const ofReplay = made.get(replayId) ?? new Map<string, Made>();
    made.set(replayId, ofReplay);
    const ofEvent = ofReplay.get(place) ?? { commands: [], deadLetters: [] };
    ofReplay.set(place, ofEvent);
    return ofEvent;
  };
  for (const record of replayedCommands) madeOf(record.replayId, placeOf(record.from)).commands.push(record);
  for (const deadLetter of eventDeadLetters) {
    const { replayId, source } = deadLetter;
    if (replayId !== undefined) madeOf(replayId, placeOf(source)).deadLetters.push(deadLetter);
  }
  return made;
}

function* judge(
  replay: ObservedReplay,
  stored: StoredEvent,
  made: Made,
  allowed: readonly ReplayedOutcome[],
): Iterable<Finding> {
  const ids = made.commands.map(({ commandId }) => commandId);
  const isTwice = new Set(ids).size < ids.length || made.deadLetters.length > 1;
  if (isTwice) {
    const detail = `it has the commands [${ids.join()}] and ${made.deadLetters.length} dead letters of it`;
    yield about(replay, stored, 'replayed-once', detail);
  } else if (!allowed.some((outcome) => fits(made, outcome))) {
    const meant = allowed.map(
      ({ kind, code, commands }) => `${kind} ${code ?? commands.map((each) => textOf(each)).join()}`,
    );
    const said = [...made.commands.map((each) => textOfRecord(each)), ...made.deadLetters.map(({ code }) => code)];
    const isMissing = said.length === 0;
    const detail = `it has ${isMissing ? 'nothing' : said.join()} of it, which stands for ${meant.join(' or ')}`;
    yield about(replay, stored, isMissing ? 'replayed-once' : 'replayed-as-meant', detail);
  }
}

function fits({ commands, deadLetters }: Made, outcome: ReplayedOutcome): boolean {
  if (deadLetters.map(({ code }) => code).join() !== (outcome.code ?? '')) return false;
  if (commands.length !== outcome.commands.length) return false;
  return outcome.commands.every((wanted) => {
    const record = commands.find(({ commandId }) => commandId === wanted.record.commandId);
    if (record?.command === undefined || record.key !== keyOfCommand(wanted)) return false;
    return outcome.isTimeOpen || textOfRecord(record) === textOf(wanted);
  });
}

function textOfRecord({ command }: ReplayedCommandRecord): string {
  return command === undefined ? 'what cannot be decoded' : textOf(command);
}

function textOf({ kind, record }: ReplayedOutcome['commands'][number]): string {
  return `${kind} ${canonicalJson(record as unknown as JsonObject)}`;
}

function placeOf(position: Position | undefined): string {
  return `${position?.partition}@${position?.offset}`;
}

function about(
  { id }: ObservedReplay,
  { record }: StoredEvent,
  invariant: 'replayed-once' | 'replayed-as-meant',
  detail: string,
): Finding {
  const { connectorId, messageId, partition, offset } = record;
  const subject = `event ${messageId} of ${connectorId} at ${partition}@${offset}, replay ${id}`;
  return { invariant, subject, detail, event: { connectorId, messageId } };
}
