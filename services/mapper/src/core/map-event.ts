/**
 * One Segment event, its connector's rules and what is known of its user → the commands that it stands for, or why it has none, and what
 * is known of the user then. Total and deterministic: no clock, no I/O, nothing remembered.
 */
import { findPropertyDefects, type Command, type PropertyMap } from '@astrolabe/schemas';
import {
  boundedOccurrenceOf,
  computationOf,
  contextGroupId,
  earliestOccurrenceMs,
  isJsonObject,
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
import { knownEmailDomain, learnEmail, saidEmailDomain } from './known-email.ts';
import type { MappingRules } from './mapping-rules.ts';
import type { EventFacts, Mapping, SkipReason, WithheldReason } from './mapping.ts';
import { isSuppressed, lift, suppress } from './suppression.ts';
import type { UserState } from './user-state.ts';

export interface MappedEvent {
  readonly mapping: Mapping;
  /**
   * To be remembered in place of the state that was given: that state itself where nothing changed, undefined where there is nothing to
   * remember. Events without a userId, and events that are unmappable, change nothing.
   */
  readonly nextUserState: UserState | undefined;
}

/** `userState` is that of the event's userId under `userStateKey`; undefined where the event has no userId or nothing is remembered. */
export function mapEvent(
  event: SegmentEvent,
  facts: EventFacts,
  rules: MappingRules,
  userState: UserState | undefined,
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
      return mapDeletion(event, facts, userState);
    case 'unsuppress':
      return mapLift(event, facts, userState);
    case 'page':
    case 'screen':
    case 'alias':
      return skip('unsupported-type', userState);
  }
}

type Call = IdentifyEvent | GroupEvent | TrackEvent;

function mapCall(event: Call, facts: EventFacts, rules: MappingRules, userState: UserState | undefined): MappedEvent {
  const { userId } = event;
  if (event.type === 'identify' && userId === undefined) return skip('anonymous-identify', userState);
  const accountId = event.type === 'group' ? event.groupId : contextGroupId(event);
  const illFormed = findIllFormedId(event, accountId);
  if (illFormed !== undefined) return refuse(illFormed, userState);

  const { atMs: occurredAtMs, clamped } = boundedOccurrenceOf(event, facts.receivedAtMs);
  const { refusal, nextUserState } = judgeUser(event, facts.receivedAtMs, occurredAtMs, rules, userState);
  if (refusal !== undefined && event.type !== 'group') return skip(refusal, nextUserState);

  const defect = findDefect(event);
  if (defect !== undefined) return refuse(defect, userState);
  const { connectorId, messageId, receivedAtMs } = facts;
  const origin = { connectorId, messageId, receivedAtMs, occurredAtMs };
  const commands = commandsOf(event, origin);
  const withheld = userId === undefined ? undefined : refusal;
  if (accountId !== undefined && userId !== undefined && withheld === undefined) {
    commands.push(associateUser(origin, accountId, userId));
  }
  return { mapping: { kind: 'commands', commands, withheld, clamped }, nextUserState };
}

/** All commands of a call but the user's membership. */
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
  /** Why nothing of the event's user may reach Astrolabe; undefined where it may. */
  readonly refusal: WithheldReason | undefined;
  readonly nextUserState: UserState | undefined;
}

function judgeUser(
  event: Call,
  receivedAtMs: number,
  occurredAtMs: number,
  rules: MappingRules,
  userState: UserState | undefined,
): UserVerdict {
  const { userId } = event;
  if (userId !== undefined && isSuppressed(userState, receivedAtMs)) {
    return { refusal: 'user-suppressed', nextUserState: userState };
  }
  if (rules.freeEmailProviders === 'allow') return { refusal: undefined, nextUserState: userState };
  const said = saidEmailDomain(event);
  const nextUserState =
    said === undefined || userId === undefined ? userState : learnEmail(userState, said, occurredAtMs, userId);
  const domain = userId === undefined ? said : knownEmailDomain(nextUserState, userId);
  return {
    refusal: domain !== undefined && rules.isFree(domain) ? 'free-email-provider' : undefined,
    nextUserState,
  };
}

/**
 * A deletion under a privacy regulation is no event that a sender routes, so neither the integrations object nor a connector's settings
 * hold it back (segment-docs `src/privacy/user-deletion-and-suppression.md`: the request is sent to every destination that supports it).
 * Every one gives its command: the API removes what is not newer, and a second request may mean what came in between.
 */
function mapDeletion(event: DeleteEvent, facts: EventFacts, userState: UserState | undefined): MappedEvent {
  const { userId } = event;
  const illFormed = findIllFormedId(event, undefined);
  if (illFormed !== undefined) return refuse(illFormed, userState);
  const { connectorId, messageId, receivedAtMs } = facts;
  const { atMs, clamped } = boundedOccurrenceOf(event, receivedAtMs);
  // A deletion from before 2000 would delete nothing.
  const occurredAtMs = clamped === undefined ? atMs : Math.max(receivedAtMs, earliestOccurrenceMs);
  const command = deleteUser({ connectorId, messageId, receivedAtMs, occurredAtMs }, userId);
  return {
    mapping: { kind: 'commands', commands: [command], withheld: undefined, clamped },
    nextUserState: suppress(userState, receivedAtMs),
  };
}

function mapLift(event: UnsuppressEvent, { receivedAtMs }: EventFacts, userState: UserState | undefined): MappedEvent {
  const illFormed = findIllFormedId(event, undefined);
  if (illFormed !== undefined) return refuse(illFormed, userState);
  const nextUserState = lift(userState, receivedAtMs);
  return skip(nextUserState === userState ? 'nothing-to-lift' : 'suppression-lifted', nextUserState);
}

function skip(reason: SkipReason, nextUserState: UserState | undefined): MappedEvent {
  return { mapping: { kind: 'skipped', reason }, nextUserState };
}

function refuse(message: string, userState: UserState | undefined): MappedEvent {
  return { mapping: { kind: 'unmappable', message }, nextUserState: userState };
}

/**
 * Of the ids that a command (or the state) would hold. Encoded, an unpaired surrogate becomes U+FFFD: two users whose ids differ in
 * nothing else would become one.
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

/** What the event says of its user beside its properties. Where the event computes a trait of the same name, that one counts. */
function contextTraits({ context }: SegmentEvent, computed?: Computation): PropertyMap {
  const { traits } = context;
  if (!isJsonObject(traits)) return NO_PROPERTIES;
  if (computed === undefined || !Object.hasOwn(traits, computed.propertyName)) return traits;
  const { [computed.propertyName]: _superseded, ...others } = traits;
  return others;
}
