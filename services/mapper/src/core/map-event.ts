/** One Segment event → the commands that it stands for, or why it has none. Total and deterministic: no clock, no state, no I/O. */
import { findPropertyDefects, type Command, type PropertyMap } from '@astrolabe/schemas';
import { isUnsupportedByDestination, occurrenceOf, type SegmentEvent } from '@astrolabe/segment';
import { commandId } from './command-id.ts';
import { isDestinedForAstrolabe } from './integrations.ts';

/** What the record says about the event beside its JSON. */
export interface EventFacts {
  readonly connectorId: string;
  readonly messageId: string;
  /** When ingest took it, epoch milliseconds. */
  readonly receivedAtMs: number;
}

/** Reasons for which an event has no effect on Astrolabe by design. */
export const skipReasons = [
  /** Page, screen and alias: Segment's Astrolabe destination does not take them. */
  'unsupported-type',
  /** The integrations object excludes Astrolabe. */
  'integration-disabled',
  /** An identify without a userId: there is no User to create yet. */
  'anonymous-identify',
] as const;
export type SkipReason = (typeof skipReasons)[number];

export type Mapping =
  | { readonly kind: 'commands'; readonly commands: readonly Command[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'unmappable'; readonly message: string };

export function mapEvent(event: SegmentEvent, facts: EventFacts): Mapping {
  if (isUnsupportedByDestination(event.type)) return { kind: 'skipped', reason: 'unsupported-type' };
  if (!isDestinedForAstrolabe(event)) return { kind: 'skipped', reason: 'integration-disabled' };
  const illFormed = findIllFormedId(event);
  if (illFormed !== undefined) {
    return { kind: 'unmappable', message: `${illFormed} holds an unpaired surrogate, which no UTF-8 text can carry` };
  }
  switch (event.type) {
    case 'identify': {
      const { userId, traits } = event;
      if (userId === undefined) return { kind: 'skipped', reason: 'anonymous-identify' };
      const accountId = contextGroupId(event);
      return checked({ traits }, [
        { kind: 'UpsertUser', record: { ...common('UpsertUser', event, facts), userId, properties: traits } },
        ...associate(event, facts, accountId, userId),
      ]);
    }
    case 'group': {
      const { groupId: accountId, traits, userId } = event;
      return checked({ traits }, [
        { kind: 'UpsertAccount', record: { ...common('UpsertAccount', event, facts), accountId, properties: traits } },
        ...associate(event, facts, accountId, userId),
      ]);
    }
    case 'track': {
      const { userId, properties } = event;
      const userProperties = contextTraits(event);
      return checked({ properties, 'context.traits': userProperties }, [
        {
          kind: 'TrackEvent',
          record: {
            ...common('TrackEvent', event, facts),
            event: event.event,
            userId: userId ?? null,
            anonymousId: event.anonymousId ?? null,
            properties,
            userProperties,
          },
        },
        ...associate(event, facts, contextGroupId(event), userId),
      ]);
    }
    case 'delete':
      return checked({}, [
        { kind: 'DeleteUser', record: { ...common('DeleteUser', event, facts), userId: event.userId } },
      ]);
    default:
      return { kind: 'skipped', reason: 'unsupported-type' };
  }
}

/**
 * Encoded, an unpaired surrogate becomes U+FFFD: two users whose ids differ in nothing else would become one.
 */
function findIllFormedId(event: SegmentEvent): string | undefined {
  const ids = {
    userId: event.userId,
    anonymousId: event.anonymousId,
    groupId: event.type === 'group' ? event.groupId : undefined,
    'context.groupId': contextGroupId(event),
  };
  return Object.entries(ids).find(([, id]) => id?.isWellFormed() === false)?.[0];
}

function common(kind: Command['kind'], event: SegmentEvent, { connectorId, messageId, receivedAtMs }: EventFacts) {
  return {
    commandId: commandId(connectorId, messageId, kind),
    connectorId,
    messageId,
    occurredAt: occurrenceOf(event, receivedAtMs).atMs,
    receivedAt: receivedAtMs,
  };
}

function associate(
  event: SegmentEvent,
  facts: EventFacts,
  accountId: string | undefined,
  userId: string | undefined,
): Command[] {
  if (accountId === undefined || userId === undefined) return [];
  return [{ kind: 'AssociateUser', record: { ...common('AssociateUser', event, facts), accountId, userId } }];
}

/** `context.groupId` "attributes non-group calls to an account" (spec, common fields). */
function contextGroupId({ context }: SegmentEvent): string | undefined {
  const groupId = Object.hasOwn(context, 'groupId') ? context['groupId'] : undefined;
  if (typeof groupId === 'string') return groupId === '' ? undefined : groupId;
  return typeof groupId === 'bigint' || (typeof groupId === 'number' && Number.isFinite(groupId))
    ? String(groupId)
    : undefined;
}

const NO_PROPERTIES: PropertyMap = Object.freeze({});

function contextTraits({ context }: SegmentEvent): PropertyMap {
  const traits = Object.hasOwn(context, 'traits') ? context['traits'] : undefined;
  return typeof traits === 'object' && traits !== null && !Array.isArray(traits)
    ? (traits as PropertyMap)
    : NO_PROPERTIES;
}

/** A property that Avro cannot hold makes the event unmappable as a whole: half an event would be a silent loss. */
function checked(maps: Readonly<Record<string, PropertyMap>>, commands: readonly Command[]): Mapping {
  for (const [name, properties] of Object.entries(maps)) {
    const [defect] = findPropertyDefects(properties);
    if (defect !== undefined) return { kind: 'unmappable', message: `${name}${defect.path}: ${defect.message}` };
  }
  return { kind: 'commands', commands };
}
