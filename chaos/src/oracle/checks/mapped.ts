/** Of the mapper: each record of the event topic has its commands, or its dead letter, once, right and in order. */
import { canonicalJson, type Command, type JsonObject } from '@astrolabe/schemas';
import type { Evidence } from '../evidence.ts';
import { inOrder } from '../expected-run.ts';
import type { CommandRecord } from '../observed.ts';
import type { Finding } from '../violation.ts';

export function* findMappedOtherwise(evidence: Evidence): Iterable<Finding> {
  const { expected, observed } = evidence;
  const wanted = groupBy(expected.commands, ({ command }) => command.record.commandId);
  const found = groupBy(observed.topics.commands, ({ commandId }) => commandId);
  for (const [commandId, commands] of wanted) {
    const [first] = commands;
    const records = found.get(commandId) ?? [];
    if (first === undefined || records.length === commands.length) continue;
    const detail = `${commands.length} event records stand for it, and ${records.length} records of it are on the command topic`;
    yield mappedOnce(`${first.command.kind} ${commandId} of ${first.key}`, detail, first.command.record);
  }
  for (const [commandId, records] of found) {
    const [first] = records;
    if (first === undefined || wanted.has(commandId)) continue;
    const detail = `no event stands for the command at ${first.partition}@${first.offset}`;
    yield mappedOnce(`command ${commandId} of ${first.connectorId}`, detail, first);
  }
  yield* findUnmappableOtherwise(evidence);
}

function* findUnmappableOtherwise({ expected, observed }: Evidence): Iterable<Finding> {
  const deadLetters = groupBy(
    observed.topics.eventDeadLetters.filter(({ source, replayId }) => source !== undefined && replayId === undefined),
    ({ source }) => `${source?.partition}@${source?.offset}`,
  );
  for (const { record, meaning } of expected.stored) {
    const place = `${record.partition}@${record.offset}`;
    const codes = (deadLetters.get(place) ?? []).map(({ code }) => code);
    const wanted = meaning.kind === 'dead-lettered' ? [meaning.code] : [];
    if (codes.join() === wanted.join()) continue;
    const detail = `the record at ${place} has to have the dead letters [${wanted.join()}] and has [${codes.join()}]`;
    yield mappedOnce(`event ${record.messageId} of ${record.connectorId}`, detail, record);
  }
}

function mappedOnce(
  subject: string,
  detail: string,
  { connectorId, messageId }: { readonly connectorId: string; readonly messageId: string },
): Finding {
  return { invariant: 'mapped-once', subject, detail, event: { connectorId, messageId } };
}

/** A repeated event may tell another time of receipt, so a command may say what any of its event's records mean. */
export function* findMeantOtherwise({ expected, observed }: Evidence): Iterable<Finding> {
  const meant = groupBy(expected.commands, ({ command }) => command.record.commandId);
  for (const record of observed.topics.commands) {
    const wanted = meant.get(record.commandId);
    const [first] = wanted ?? [];
    if (wanted === undefined || first === undefined) continue;
    const { connectorId, messageId, command, partition, offset } = record;
    const says = command === undefined ? 'what cannot be decoded' : textOf(command);
    const isMeant = record.key === first.key && wanted.some((one) => textOf(one.command) === says);
    if (isMeant) continue;
    yield {
      invariant: 'mapped-as-meant',
      subject: `${first.command.kind} ${record.commandId} of ${first.key}`,
      detail: `the record at ${partition}@${offset} under ${String(record.key)} says ${says} and not ${textOf(first.command)}`,
      event: { connectorId, messageId },
    };
  }
}

function textOf({ kind, record }: Command): string {
  return `${kind} ${canonicalJson(record as unknown as JsonObject)}`;
}

/**
 * For each key, the commands of one event partition follow the order of their events. An account's events may come from
 * several partitions; nothing orders those among each other.
 */
export function* findCommandsOutOfOrder({ expected, observed }: Evidence): Iterable<Finding> {
  const sources = new Map<string, string>();
  const wanted = new Map<string, string[]>();
  for (const { command, key, source } of expected.commands) {
    const line = `${source.partition} ${key}`;
    sources.set(command.record.commandId, line);
    const ids = wanted.get(line);
    if (ids === undefined) wanted.set(line, [command.record.commandId]);
    else ids.push(command.record.commandId);
  }
  const found = new Map<string, CommandRecord[]>();
  for (const record of inOrder(observed.topics.commands)) {
    const line = sources.get(record.commandId);
    if (line === undefined) continue;
    const place = `${record.partition} ${line}`;
    const records = found.get(place);
    if (records === undefined) found.set(place, [record]);
    else records.push(record);
  }
  for (const records of found.values()) {
    const line = sources.get(records[0]?.commandId ?? '') ?? '';
    const stray = findStray(records, wanted.get(line) ?? []);
    if (stray === undefined) continue;
    const { connectorId, messageId, partition, offset } = stray;
    yield {
      invariant: 'order-by-key',
      subject: `commands of ${line}`,
      detail: `the command at ${partition}@${offset} comes behind one whose event is after its own`,
      event: { connectorId, messageId },
    };
  }
}

/**
 * The first record that comes behind a later one. How often a command is there is another check's question: more than
 * expected are left out, and fewer leave a gap.
 */
function findStray(records: readonly CommandRecord[], wanted: readonly string[]): CommandRecord | undefined {
  const places = new Map<string, number[]>();
  for (const [place, id] of wanted.entries()) {
    const others = places.get(id);
    if (others === undefined) places.set(id, [place]);
    else others.push(place);
  }
  let reached = -1;
  const used = new Map<string, number>();
  for (const record of records) {
    const count = used.get(record.commandId) ?? 0;
    used.set(record.commandId, count + 1);
    const place = places.get(record.commandId)?.[count];
    if (place === undefined) continue;
    if (place < reached) return record;
    reached = place;
  }
  return undefined;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
