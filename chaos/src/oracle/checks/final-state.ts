/** The API ends in the state that the events make. */
import { canonicalJson, type Command, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import { stateAfter, type ModelState } from '../astrolabe-model.ts';
import type { Evidence } from '../evidence.ts';
import type { ExpectedRun } from '../expected-run.ts';
import type { Arrival, Workspace } from '../observed.ts';
import type { Finding } from '../violation.ts';
import { deadCommandIds, executionsOf } from './delivered.ts';

/** In the order in which the API executed them: of an event that it has twice, the first counts. */
export function* findOtherState(evidence: Evidence): Iterable<Finding> {
  const { observed } = evidence;
  const effects = [...liveEffects(evidence), ...replayedEffects(evidence)].sort(bySequence);
  const commands = Map.groupBy(
    effects.map(({ command }) => command),
    ({ record }) => record.connectorId,
  );
  for (const [connectorId, workspace] of observed.workspaces) {
    const own = commands.get(connectorId) ?? [];
    yield* compare(connectorId, stateAfter(own), workspace, own);
  }
}

function bySequence({ sequence: one }: Effect, { sequence: other }: Effect): number {
  return one === other ? 0 : one - other;
}

interface Effect {
  readonly command: Command;
  /** Infinity for what has to be executed and was not. */
  readonly sequence: number;
}

function* liveEffects({ expected, observed }: Evidence): Iterable<Effect> {
  const executions = executionsOf(observed);
  const dead = deadCommandIds(observed);
  for (const [commandId, { command: first }] of expected.commandsById) {
    const [execution] = executions.get(commandId) ?? [];
    const sequence = execution?.sequence ?? Infinity;
    // What is in the dead letters has no effect, unless the API had executed it before it refused it, or has from a
    // record that came later.
    if (!dead.has(commandId)) yield { command: first, sequence };
    else if (execution !== undefined) yield { command: executedAs(execution, expected) ?? first, sequence };
  }
}

/** What a replay has delivered, whether it had to or not. */
function* replayedEffects({ replays, observed }: Evidence): Iterable<Effect> {
  const executions = executionsOf(observed);
  for (const [deliveryId, deliveries] of replays.deliveries) {
    const [execution] = executions.get(deliveryId) ?? [];
    if (execution === undefined) continue;
    const { occurredAtMs, sequence } = execution;
    const executed = deliveries.find(({ command }) => command.record.occurredAt === occurredAtMs) ?? deliveries[0];
    if (executed !== undefined) yield { command: executed.command, sequence };
  }
}

/** Of the commands of an id, which its event's records tell at several times, the one that a call carried. */
function executedAs({ commandId, occurredAtMs }: Arrival, { commands }: ExpectedRun): Command | undefined {
  return commands.find(
    ({ command: { record } }) => record.commandId === commandId && record.occurredAt === occurredAtMs,
  )?.command;
}

function* compare(
  connectorId: string,
  model: ModelState,
  workspace: Workspace,
  commands: readonly Command[],
): Iterable<Finding> {
  const parts: readonly [string, ReadonlyMap<string, JsonValue>, ReadonlyMap<string, JsonValue>][] = [
    ['user', model.users, properties(workspace.users)],
    ['account', model.accounts, properties(workspace.accounts)],
    ['members of account', model.members, workspace.members],
    ['event', asJson(model.events), asJson(workspace.events)],
  ];
  for (const [part, wanted, found] of parts) {
    for (const id of new Set([...wanted.keys(), ...found.keys()])) {
      const [shouldBe, is] = [textOf(wanted.get(id)), textOf(found.get(id))];
      if (shouldBe === is) continue;
      const event = eventOf(part, id, commands, wanted.get(id), found.get(id));
      yield {
        invariant: 'final-state',
        subject: `${part} ${id} of ${connectorId}`,
        detail: `has to be ${shouldBe} and is ${is}`,
        ...(event === undefined ? {} : { event }),
      };
    }
  }
}

/** Which event has been wronged: the newest that says something of what differs. */
function eventOf(
  part: string,
  id: string,
  commands: readonly Command[],
  wanted: JsonValue | undefined,
  found: JsonValue | undefined,
): Finding['event'] {
  const differs = (name: string): boolean => textOf(memberOf(wanted, name)) !== textOf(memberOf(found, name));
  const ofPart = commands.filter((command) => isAbout(command, part, id));
  const telling = ofPart.filter((command) => writtenNames(command).some(differs));
  const [newest] = (telling.length > 0 ? telling : ofPart).sort((a, b) => b.record.occurredAt - a.record.occurredAt);
  return newest && { connectorId: newest.record.connectorId, messageId: newest.record.messageId };
}

function isAbout({ kind, record }: Command, part: string, id: string): boolean {
  switch (part) {
    case 'user':
      return kind !== 'UpsertAccount' && record.userId === id;
    case 'account':
      return (kind === 'UpsertAccount' || kind === 'AssociateUser') && record.accountId === id;
    case 'members of account':
      return kind === 'AssociateUser' && record.accountId === id;
    default:
      return record.commandId === id;
  }
}

function writtenNames({ kind, record }: Command): readonly string[] {
  if (kind === 'UpsertUser' || kind === 'UpsertAccount') return Object.keys(record.properties);
  return kind === 'TrackEvent' ? Object.keys(record.userProperties) : [];
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject)[name] : undefined;
}

function textOf(value: JsonValue | undefined): string {
  return value === undefined ? 'absent' : canonicalJson(value);
}

function properties(entities: Workspace['users']): Map<string, JsonValue> {
  return new Map([...entities].map(([id, entity]) => [id, entity.properties]));
}

function asJson(events: Workspace['events']): Map<string, JsonValue> {
  return new Map([...events].map(([id, event]) => [id, { ...event }]));
}
