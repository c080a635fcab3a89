/**
 * Maps one Segment event, by its connector's rules and its user's state, to commands, or to the reason why it has none,
 * and to the user's next state. Total and deterministic: no clock, no I/O, no memory.
 */
import { findPropertyDefects, type Command, type PropertyMap } from '@astrolabe/schemas';
import {
  boundedOccurrenceOf,
  computationOf,
  contextGroupId,
  isJsonObject,
  maxFutureMs,
  withComputation,
  type Computation,
  type DeleteEvent,
  type GroupEvent,
  type IdentifyEvent,
  type SegmentEvent,
  type TrackEvent,
  type UnsuppressEvent,
} from '@astrolabe/segment';
import {
  associateUser,
  deleteUser,
  trackEvent,
  upsertAccount,
  upsertUser,
  type CommandOrigin,
} from './build-commands.ts';
import { isDestinedForAstrolabe } from './integrations.ts';
import { addressTimeMs, knownEmailDomain, learnEmail, saidEmailDomain } from './known-email.ts';
import type { MappingRules } from './mapping-rules.ts';
import type { EventFacts, Mapping, SkipReason, WithheldReason } from './mapping.ts';
import { decideDeletion, decideLift, decisionId, isSuppressed, type Receipt } from './suppression.ts';
import type { UserState } from './user-state.ts';

export interface MappedEvent {
  readonly mapping: Mapping;
  /**
   * Replaces the given state: the same object if nothing changed, undefined if there is nothing to remember. Events
   * without a userId and unmappable events change nothing.
   */
  readonly nextUserState: UserState | undefined;
}

/**
 * `userState` is the state of the event's userId under `userStateKey`; undefined if the event has no userId or nothing
 * is remembered. `clockMs` is the partition's: at least the time of receipt of every event before this one, and the
 * time of every command.
 */
export function mapEvent(
  event: SegmentEvent,
  facts: EventFacts,
  rules: MappingRules,
  userState: UserState | undefined,
  clockMs: number,
): MappedEvent {
  switch (event.type) {
    case 'identify':
    case 'group':
    case 'track': {
      if (!rules.isEnabled) return skip('connector-disabled', userState);
      if (!isDestinedForAstrolabe(event)) return skip('integration-disabled', userState);
      return mapCall(event, facts, rules, userState);
    }
    case 'delete':
      return mapDeletion(event, facts, userState, clockMs);
    case 'unsuppress':
      return mapLift(event, facts, userState, clockMs);
    case 'page':
    case 'screen':
    case 'alias':
      return skip('unsupported-type', userState);
  }
}

type Call = IdentifyEvent | GroupEvent | TrackEvent;

function mapCall(sent: Call, facts: EventFacts, rules: MappingRules, userState: UserState | undefined): MappedEvent {
  const event = sent.type === 'identify' ? withContextTraits(sent) : sent;
  const { userId } = event;
  if (event.type === 'identify' && userId === undefined) return skip('anonymous-identify', userState);
  const accountId = event.type === 'group' ? event.groupId : contextGroupId(event);
  const illFormed = findIllFormedId(event, accountId);
  if (illFormed !== undefined) return refuse(illFormed, userState);

  const { atMs, clamped } = boundedOccurrenceOf(event, facts.receipt.atMs);
  const occurredAtMs = atMs + behindLiftMs(facts.receipt, userState);
  const { refusal, nextUserState } = judgeUser(event, facts.receipt, occurredAtMs, rules, userState);
  if (refusal !== undefined && event.type !== 'group') return skip(refusal, nextUserState);

  const defect = findDefect(event);
  if (defect !== undefined) return refuse(defect, userState);
  const origin: CommandOrigin = {
    connectorId: facts.connectorId,
    messageId: facts.messageId,
    receivedAtMs: facts.receivedAtMs,
    occurredAtMs,
  };
  const commands = commandsOf(event, origin);
  const withheld = userId === undefined ? undefined : refusal;
  if (accountId !== undefined && userId !== undefined && withheld === undefined) {
    commands.push(associateUser(origin, accountId, userId));
  }
  return { mapping: { kind: 'commands', commands, withheld, clamped }, nextUserState };
}

/**
 * RudderStack's SDKs send an identify with traits only in its context. In a group call the context's traits belong to
 * the user, and only its own traits to the account.
 */
function withContextTraits(event: IdentifyEvent): IdentifyEvent {
  for (const _name in event.traits) return event;
  return { ...event, traits: contextTraits(event) };
}

/** All commands of a call except the user's membership. */
function commandsOf(event: Call, origin: CommandOrigin): Command[] {
  const computation = computationOf(event);
  const { userId } = event;
  switch (event.type) {
    case 'identify':
      return userId === undefined ? [] : [upsertUser(origin, userId, traitsOf(event, computation))];
    case 'group':
      return [upsertAccount(origin, event.groupId, traitsOf(event, computation))];
    case 'track': {
      const { event: name, anonymousId, properties } = event;
      const computed = userId === undefined ? undefined : computation;
      const userProperties = contextTraits(event, computed);
      const tracked = trackEvent(origin, { event: name, userId, anonymousId, properties, userProperties });
      if (computed === undefined || userId === undefined) return [tracked];
      return [upsertUser(origin, userId, { [computed.propertyName]: computed.value }), tracked];
    }
  }
}

interface UserVerdict {
  /** Why the event's user may not reach Astrolabe; undefined if the user may. */
  readonly refusal: WithheldReason | undefined;
  readonly nextUserState: UserState | undefined;
}

/**
 * By how much the clock of the event's ingest is behind that of the lift. The event came after the lift, but without a
 * correction the API would count it as deleted.
 */
function behindLiftMs({ arrival, atMs }: Receipt, userState: UserState | undefined): number {
  const liftedAtMs = userState?.suppressed?.liftedAtMs;
  return arrival === 'live' && liftedAtMs !== undefined && liftedAtMs > atMs ? liftedAtMs - atMs : 0;
}

function judgeUser(
  event: Call,
  receipt: Receipt,
  occurredAtMs: number,
  rules: MappingRules,
  userState: UserState | undefined,
): UserVerdict {
  const { userId } = event;
  if (userId !== undefined && isSuppressed(userState, receipt)) {
    return { refusal: 'user-suppressed', nextUserState: userState };
  }
  if (rules.freeEmailProviders === 'allow') return { refusal: undefined, nextUserState: userState };
  const said = saidEmailDomain(event);
  const nextUserState =
    said === undefined || userId === undefined
      ? userState
      : learnEmail(userState, said, addressTimeMs(occurredAtMs, receipt.atMs), userId);
  const domain = userId === undefined ? said : knownEmailDomain(nextUserState, userId);
  return {
    refusal: domain !== undefined && rules.isFree(domain) ? 'free-email-provider' : undefined,
    nextUserState,
  };
}

/**
 * A sender does not route a deletion under a privacy regulation, so neither the integrations object nor a connector's
 * settings hold it back (segment-docs `src/privacy/user-deletion-and-suppression.md`: the request is sent to every
 * destination that supports it). Each deletion makes a command: a second request may mean the data in between. It
 * deletes everything received before it, by whichever clock; its own timestamp does not matter.
 */
function mapDeletion(
  event: DeleteEvent,
  facts: EventFacts,
  userState: UserState | undefined,
  clockMs: number,
): MappedEvent {
  const illFormed = findIllFormedId(event, undefined);
  if (illFormed !== undefined) return refuse(illFormed, userState);
  const { userId } = event;
  const { connectorId, messageId, receivedAtMs, receipt, writtenAtMs } = facts;
  // A redriven deletion also deletes what was received while it was a dead letter.
  const atLeastMs = receipt.arrival === 'repeated' ? Math.max(receipt.atMs, writtenAtMs) : receipt.atMs;
  const { nextState, occurredAtMs } = decideDeletion(userState, {
    ...receipt,
    id: decisionId('delete', messageId),
    effectiveMs: notBefore(clockMs, atLeastMs),
  });
  const command = deleteUser({ connectorId, messageId, receivedAtMs, occurredAtMs }, userId);
  return {
    mapping: { kind: 'commands', commands: [command], withheld: undefined, clamped: undefined },
    nextUserState: nextState,
  };
}

function mapLift(
  event: UnsuppressEvent,
  { messageId, receipt }: EventFacts,
  userState: UserState | undefined,
  clockMs: number,
): MappedEvent {
  const illFormed = findIllFormedId(event, undefined);
  if (illFormed !== undefined) return refuse(illFormed, userState);
  const { nextState, isLifted } = decideLift(userState, {
    ...receipt,
    id: decisionId('unsuppress', messageId),
    // After everything so far, so that what was received before stays suppressed in a replay.
    effectiveMs: notBefore(clockMs + 1, receipt.atMs),
  });
  return skip(isLifted ? 'suppression-lifted' : 'nothing-to-lift', nextState);
}

/**
 * The time, or the clock if that is later, by a day at most: one process with a wrong clock must not decide for all
 * others.
 */
function notBefore(clockMs: number, atMs: number): number {
  return Math.max(atMs, Math.min(clockMs, atMs + maxFutureMs));
}

function skip(reason: SkipReason, nextUserState: UserState | undefined): MappedEvent {
  return { mapping: { kind: 'skipped', reason }, nextUserState };
}

function refuse(message: string, userState: UserState | undefined): MappedEvent {
  return { mapping: { kind: 'unmappable', message }, nextUserState: userState };
}

/**
 * Checks the ids that a command (or the state) would hold. An unpaired surrogate is encoded as U+FFFD, so two users
 * whose ids differ only there would become one.
 */
function findIllFormedId(event: SegmentEvent, accountId: string | undefined): string | undefined {
  const isIllFormed = (id: string | undefined) => id?.isWellFormed() === false;
  const field = isIllFormed(event.userId)
    ? 'userId'
    : event.type === 'track' && isIllFormed(event.anonymousId)
      ? 'anonymousId'
      : isIllFormed(accountId)
        ? event.type === 'group'
          ? 'groupId'
          : 'context.groupId'
        : undefined;
  return field && `${field} holds an unpaired surrogate, which no UTF-8 text can carry`;
}

/** A property that Avro cannot hold makes the event unmappable as a whole: half an event would be a silent loss. */
function findDefect(event: Call): string | undefined {
  return event.type === 'track'
    ? (describeDefect('properties', event.properties) ?? describeDefect('context.traits', contextTraits(event)))
    : describeDefect('traits', event.traits);
}

function describeDefect(place: string, properties: PropertyMap): string | undefined {
  const [defect] = findPropertyDefects(properties);
  return defect && `${place}${defect.path}: ${defect.message}`;
}

function traitsOf({ traits }: IdentifyEvent | GroupEvent, computation: Computation | undefined): PropertyMap {
  return computation === undefined ? traits : withComputation(traits, computation);
}

const NO_PROPERTIES: PropertyMap = Object.freeze({});

/** The event's traits of its user, apart from its properties. A trait of the same name that the event computes wins. */
function contextTraits({ context }: SegmentEvent, computed?: Computation): PropertyMap {
  const { traits } = context;
  if (!isJsonObject(traits)) return NO_PROPERTIES;
  if (computed === undefined || !Object.hasOwn(traits, computed.propertyName)) return traits;
  const { [computed.propertyName]: _superseded, ...others } = traits;
  return others;
}
