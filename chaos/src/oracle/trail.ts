/** The trail of one event: every place where it has been seen, in the order of its way. */
import type { Evidence } from './evidence.ts';
import type { Position } from './observed.ts';
import { keyOfCommand } from './segment-meaning.ts';

export function trailOf(
  { sent, expected, replays, observed }: Evidence,
  event: { readonly connectorId: string; readonly messageId: string },
): string[] {
  const isOfEvent = (other: { readonly connectorId: string; readonly messageId: string }): boolean =>
    other.connectorId === event.connectorId && other.messageId === event.messageId;
  const { topics } = observed;
  const lastSequence = observed.readAgain?.afterSequence ?? Infinity;
  const meant = expected.commands.filter(({ command }) => isOfEvent(command.record));
  const ids = new Set([
    ...meant.map(({ command }) => command.record.commandId),
    ...topics.commands.filter(isOfEvent).map(({ commandId }) => commandId),
    ...[...replays.deliveries].flatMap(([id, all]) =>
      all.some(({ command }) => isOfEvent(command.record)) ? [id] : [],
    ),
  ]);
  return [
    ...sent.of(event.connectorId, event.messageId).map(({ call, index, end, event: { body } }) => {
      const attempts = `${end.attempts} ${end.attempts === 1 ? 'attempt' : 'attempts'}`;
      const said = JSON.stringify(body, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
      return `call ${call.sequence} of stream ${call.stream}, event ${index}, ${call.path}: ${endText(end)} after ${attempts}: ${said}`;
    }),
    ...topics.events
      .filter(isOfEvent)
      .map((record) => `event topic ${place(record)}: received ${record.receivedAt}, key ${String(record.key)}`),
    ...topics.eventDeadLetters
      .filter(isOfEvent)
      .map((deadLetter) => `event dead letters ${place(deadLetter)}: ${deadLetter.code}, ${deadLetter.message}`),
    ...meant.map(
      ({ command, source }) =>
        `stands at ${place(source)} for ${command.kind} ${command.record.commandId} of ${keyOfCommand(command)}, occurred ${new Date(command.record.occurredAt).toISOString()}`,
    ),
    ...topics.commands
      .filter(isOfEvent)
      .map((record) => `command topic ${place(record)}: ${record.command?.kind ?? 'undecodable'} ${record.commandId}`),
    ...topics.replayedCommands
      .filter(isOfEvent)
      .map(
        (record) =>
          `replayed commands ${place(record)}: ${record.command?.kind ?? 'undecodable'} ${record.commandId}, replay ${record.replayId}`,
      ),
    ...topics.commandDeadLetters
      .filter(isOfEvent)
      .map(
        (deadLetter) =>
          `command dead letters ${place(deadLetter)}: ${String(deadLetter.commandId)}, ${deadLetter.code}, ${deadLetter.message}`,
      ),
    ...observed.arrivals
      .filter(({ commandId }) => ids.has(commandId))
      .map(
        ({ sequence, atMs, kind, commandId, outcome }) =>
          `API, number ${sequence} at ${new Date(atMs).toISOString()}: ${kind} ${commandId}, ${outcome}${sequence > lastSequence ? ', in the re-read' : ''}`,
      ),
    ...[...observed.lives, ...(observed.readAgain?.lives ?? [])].flatMap(({ instance, life, errors }) =>
      errors
        .filter((line) => line.includes(event.messageId) || [...ids].some((id) => line.includes(id)))
        .map((line) => `log of ${instance}, life ${life}: ${line}`),
    ),
  ];
}

function endText(end: ReturnType<Evidence['sent']['all']>[number]['end']): string {
  switch (end.kind) {
    case 'acknowledged':
      return `200 at ${new Date(end.acknowledgedAtMs).toISOString()}`;
    case 'refused':
      return String(end.status);
    case 'unknown':
      return 'no answer';
  }
}

function place({ partition, offset }: Position): string {
  return `${partition}@${offset}`;
}
