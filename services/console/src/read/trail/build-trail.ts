/** The hops of a trail in the order of time, with what the ledger has of each command and what it waits for. Pure. */
import {
  describeWait,
  type CommandWait,
  type DescribedDelivery,
  type DescribedRecord,
  type Trace,
} from '@astrolabe/operations';
import { replayedOffsetOf } from '@astrolabe/records';
import type { Command } from '@astrolabe/schemas';
import { toInstant } from '../panel.ts';
import { causeOf } from '../payload/cause.ts';
import { bytesPayload, toPayload, type MaskText } from '../payload/payload.ts';
import { decodedPayload, rebuiltRequest } from '../payload/show-command.ts';
import type { Hop } from '../shapes/trail.ts';

/** What is known beside the records themselves. */
export interface TrailSurroundings {
  /** By hop, those that could be decoded. */
  readonly commands: ReadonlyMap<DescribedRecord, Command>;
  readonly mask: MaskText;
  /** Of each value that is shown. */
  readonly maxCharacters: number;
  /** Why the commands of a connector wait; undefined where nothing is wrong with it. */
  readonly troubleOf: (connector: string) => string | undefined;
}

export function buildHops(
  { hops, deliveries, waits }: Pick<Trace, 'hops' | 'deliveries' | 'waits'>,
  surroundings: TrailSurroundings,
): Hop[] {
  const lastById = new Map(deliveries.map((each) => [each.forcedId ?? each.commandId, each]));
  const records = hops.map((hop) => ({
    atMs: hop.timestampMs,
    hop: recordHop(hop, lastById.get(hop.forcedId ?? hop.commandId ?? ''), waits.get(hop), surroundings),
  }));
  const ends = deliveries.map((delivery) => ({ atMs: delivery.atMs, hop: deliveryHop(delivery) }));
  // Stable: of one moment, what was stored comes before what became of it.
  const inOrder = [...records, ...ends].toSorted((a, b) => a.atMs - b.atMs);
  return inOrder.map(({ atMs, hop }, index) => {
    const before = inOrder[index - 1];
    return before === undefined ? hop : { ...hop, laterMs: atMs - before.atMs };
  });
}

function recordHop(
  hop: DescribedRecord,
  delivery: DescribedDelivery | undefined,
  wait: CommandWait | undefined,
  { commands, mask, maxCharacters, troubleOf }: TrailSurroundings,
): Hop {
  const command = commands.get(hop);
  const trouble = hop.connectorId === undefined ? undefined : troubleOf(hop.connectorId);
  const isCommand = hop.role === 'command';
  return {
    role: hop.role,
    at: toInstant(hop.timestampMs),
    topic: hop.topic,
    partition: hop.partition,
    offset: hop.offset.toString(),
    connector: hop.connectorId,
    type: hop.type,
    event: hop.event,
    user: hop.userId,
    account: hop.accountId,
    messageId: hop.messageId,
    commandId: hop.commandId,
    forcedId: hop.forcedId,
    stored: storedPayload(hop, command, mask, maxCharacters),
    decoded: command && decodedPayload(command, mask, maxCharacters),
    request: command && rebuiltRequest(command, hop.forcedId, mask, maxCharacters),
    ledger:
      isCommand && delivery !== undefined
        ? { outcome: delivery.outcome, status: delivery.status, at: toInstant(delivery.atMs) }
        : undefined,
    waits: wait && toWait(wait, trouble),
    code: hop.code,
    message: hop.message,
    cause: hop.code === undefined ? undefined : causeOf(hop.code),
  };
}

/** Confluent's framing begins with a zero byte, and JSON never does. */
function storedPayload(
  { stored }: DescribedRecord,
  command: Command | undefined,
  mask: MaskText,
  maxCharacters: number,
) {
  if (stored?.[0] !== 0) return toPayload(stored, mask, maxCharacters);
  const reason = command === undefined ? 'its schema could not be read' : 'it is a command in Avro, decoded beside';
  return bytesPayload(stored, reason, mask, maxCharacters);
}

function deliveryHop(delivery: DescribedDelivery): Hop {
  return {
    role: 'delivery',
    at: toInstant(delivery.atMs),
    topic: delivery.topic,
    partition: delivery.partition,
    offset: (replayedOffsetOf(delivery.offset) ?? delivery.offset).toString(),
    connector: delivery.connectorId,
    commandId: delivery.commandId,
    forcedId: delivery.forcedId,
    outcome: delivery.outcome,
    status: delivery.status,
  };
}

function toWait(wait: CommandWait, trouble: string | undefined): NonNullable<Hop['waits']> {
  const nextOffset =
    wait.kind === 'not-reached' ? wait.nextOffset : wait.kind === 'connector-lags' ? wait.cursor : undefined;
  const message = trouble === undefined ? describeWait(wait) : `${describeWait(wait)}. ${trouble}`;
  return { kind: wait.kind, nextOffset: nextOffset?.toString(), message };
}
