/**
 * The result of mapping one event. The reasons are a closed list: labels of `mapper_events_total`, described in
 * `docs/metrics.md`.
 */
import type { Command } from '@astrolabe/schemas';
import type { ClampedTime } from '@astrolabe/segment';
import type { Receipt } from './suppression.ts';

/**
 * Increased with every change that maps a stored event to other commands than before. It is logged at start: events
 * mapped with an earlier version can be replayed with this one.
 */
export const MAPPING_RULES_VERSION = 2;

/** What the record's headers say about the event. */
export interface EventFacts {
  readonly connectorId: string;
  readonly messageId: string;
  /** When ingest received it, epoch milliseconds. */
  readonly receivedAtMs: number;
  /** How it came to this offset, and when it was first received: `receivedAtMs`, or earlier for an archived event. */
  readonly receipt: Receipt;
  /** When the record was written; `receivedAtMs` if unknown. */
  readonly writtenAtMs: number;
}

/** Reasons for which an event has no effect on Astrolabe by design. */
export const skipReasons = [
  /** Page, screen and alias: Segment's Astrolabe destination does not accept them. */
  'unsupported-type',
  /** The connector was switched off after ingest had accepted the event; while it is off, ingest accepts none. */
  'connector-disabled',
  /** The integrations object excludes Astrolabe. */
  'integration-disabled',
  /** An identify without a userId: there is no User to create yet. */
  'anonymous-identify',
  /** The user was deleted for privacy, and the suppression has not been lifted. */
  'user-suppressed',
  /** The user's address is at a free email provider, and the connector blocks those. */
  'free-email-provider',
  /** An `unsuppress` that took effect: later events of the user count again. */
  'suppression-lifted',
  /** An `unsuppress` of a user who is not suppressed, or was deleted again since; or one that took effect before. */
  'nothing-to-lift',
] as const;
export type SkipReason = (typeof skipReasons)[number];

/** Why a group call was mapped without its user: the Account gets its properties, but no member. */
export const withheldReasons = ['user-suppressed', 'free-email-provider'] as const satisfies readonly SkipReason[];
export type WithheldReason = (typeof withheldReasons)[number];

export type Mapping =
  | {
      readonly kind: 'commands';
      /** At least one, and at most one of each kind: the kind is part of a command's id. */
      readonly commands: readonly Command[];
      readonly withheld: WithheldReason | undefined;
      /** Set if the event's time was impossible: all commands carry a bound instead. */
      readonly clamped: ClampedTime | undefined;
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'unmappable'; readonly message: string };
