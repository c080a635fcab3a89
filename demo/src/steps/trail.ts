/** Follows one event from ingest's answer to the API's state, and checks every hop. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { CommandKind } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import type { AstrolabeCall } from '../astrolabe-client.ts';
import { STEP_TIMEOUT_MS, waitFor, type DemoContext } from '../demo-context.ts';
import type { SentEvent } from '../segment-sender.ts';
import { readRecords } from '../topic-records.ts';

/** Follows `sent`, which must become exactly these commands, and reports each hop. */
export async function followEvent(context: DemoContext, sent: SentEvent, kinds: readonly CommandKind[]): Promise<void> {
  const { pipeline, report, baseline } = context;
  const { kafka, topics, connector } = pipeline;
  assert.equal(sent.status, 200, `ingest answered ${sent.status}`);
  report.fact('ingest', `200 after ${Math.round(sent.answeredAfterMs)} ms, message ${sent.messageId}`);

  const ids = kinds.map((kind) => commandIdOf(connector.id, sent.messageId, kind));
  const [calls, [events, commands]] = await waitFor(context, 'the event passes through', async () => {
    const answered = await answeredCalls(context, ids);
    const records = await Promise.all([
      readRecords(kafka, topics.segmentEvents.name, baseline.events),
      readRecords(kafka, topics.commands.name, baseline.commands),
    ]);
    return [answered, records] as const;
  });

  const ofEvent = (record: ConsumedRecord): boolean => headerText(record, headerNames.messageId) === sent.messageId;
  const [event, ...repetitions] = events.filter(ofEvent);
  assert.ok(event !== undefined, `no record of message ${sent.messageId} on ${topics.segmentEvents.name}`);
  assert.equal(repetitions.length, 0, `message ${sent.messageId} was stored ${repetitions.length + 1} times`);
  assert.equal(headerText(event, headerNames.connectorId), connector.id);
  const stored = JSON.parse(event.value?.toString('utf8') ?? '') as Record<string, unknown>;
  for (const [name, value] of Object.entries(sent.event)) {
    // Ingest corrects the sender's clock, and keeps what the sender wrote beside it.
    const kept = name === 'timestamp' ? stored['originalTimestamp'] : stored[name];
    assert.deepEqual(kept, value, `"${name}" of the stored event is not what the SDK sent`);
  }
  report.fact('event', positionOf(event));

  const commandRecords = commands.filter(ofEvent);
  assert.equal(commandRecords.length, kinds.length, `commands of message ${sent.messageId}`);
  for (const [index, kind] of kinds.entries()) {
    const id = ids[index] ?? '';
    const record = commandRecords.find((each) => headerText(each, headerNames.commandId) === id);
    assert.ok(record !== undefined, `no ${kind} with the id ${id} on ${topics.commands.name}`);
    const decoded = await context.decoder.decode(record.value);
    assert.ok(decoded.kind === 'command', 'the command can be decoded');
    assert.equal(decoded.command.kind, kind);
    assert.equal(decoded.command.record.commandId, id);
    const { partition, offset } = record;
    report.fact('command', `${kind} ${id}, schema ${decoded.schemaId}, partition ${partition}, offset ${offset}`);

    const call = calls[index];
    assert.ok(call?.status === 200, `the API answered ${call?.status ?? 'nothing'} to ${kind}`);
    const receivedAtMs = Date.parse(headerText(event, headerNames.receivedAt) ?? '');
    const result = call.applied === 1 ? 'applied' : 'unchanged';
    report.fact(
      'API',
      `${call.method} ${call.path}: 200 ${result}, ${call.atMs - receivedAtMs} ms after ingest had it`,
    );
  }
}

/** For each command id its first call that was answered; waits until there are all. */
async function answeredCalls({ astrolabe, baseline }: DemoContext, ids: readonly string[]): Promise<AstrolabeCall[]> {
  return eventually(
    async () => {
      const calls = (await astrolabe.calls(baseline.lastCall)).filter(({ status }) => status !== null);
      const found = ids.map((id) => calls.find(({ idempotencyKey }) => idempotencyKey === id));
      return found.every((call) => call !== undefined) ? found : undefined;
    },
    { timeoutMs: STEP_TIMEOUT_MS, intervalMs: 20, describe: `calls of the API with the ids ${ids.join(', ')}` },
  );
}

/**
 * The rule of the contract (`commandId` in `schemas/avro`), implemented again: the demo does not trust our own code.
 */
export function commandIdOf(connectorId: string, messageId: string, kind: CommandKind): string {
  return createHash('sha256')
    .update(JSON.stringify([connectorId, messageId, kind]))
    .digest('hex')
    .slice(0, 32);
}

export function positionOf({
  topic,
  partition,
  offset,
}: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}, partition ${partition}, offset ${offset}`;
}
