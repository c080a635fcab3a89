// Generated from schemas/avro/*.avsc by `npm run generate`. Change those, not this.
import type { PropertyValue } from '../property-value.ts';

/**
 * Makes the user a member of the account. Creates whichever of the two does not exist yet, so that the order
 * between user and account never matters.
 */
export interface AssociateUser {
  /**
   * Identity of the command and the idempotency key of its API call: 32 lower-case hexadecimal digits, the first
   * 128 bits of SHA-256 over JSON.stringify([connectorId, messageId, kind]), where kind is the name of this record.
   * The same event always yields the same id.
   */
  readonly commandId: string;

  /** Connector that the event came in on. User and account ids are unique within a connector only. */
  readonly connectorId: string;

  /** Segment's messageId of the event that the command stems from. */
  readonly messageId: string;

  /**
   * When it happened at the sender, corrected for the sender's clock skew. Milliseconds since the Unix epoch, UTC.
   * A newer value of a property wins over an older one, whatever order they arrive in.
   */
  readonly occurredAt: number;

  /** When ingest took the event. Milliseconds since the Unix epoch, UTC. Freshness is measured from it. */
  readonly receivedAt: number;

  /** Account that the user joins. */
  readonly accountId: string;

  /** User who joins the account. */
  readonly userId: string;
}

/** Removes what is known of the user up to occurredAt. What is newer stays. */
export interface DeleteUser {
  /**
   * Identity of the command and the idempotency key of its API call: 32 lower-case hexadecimal digits, the first
   * 128 bits of SHA-256 over JSON.stringify([connectorId, messageId, kind]), where kind is the name of this record.
   * The same event always yields the same id.
   */
  readonly commandId: string;

  /** Connector that the event came in on. User and account ids are unique within a connector only. */
  readonly connectorId: string;

  /** Segment's messageId of the event that the command stems from. */
  readonly messageId: string;

  /**
   * When it happened at the sender, corrected for the sender's clock skew. Milliseconds since the Unix epoch, UTC.
   * A newer value of a property wins over an older one, whatever order they arrive in.
   */
  readonly occurredAt: number;

  /** When ingest took the event. Milliseconds since the Unix epoch, UTC. Freshness is measured from it. */
  readonly receivedAt: number;

  /** User to remove. */
  readonly userId: string;
}

/** Records that a user did something. The command id is the id of the recorded event. */
export interface TrackEvent {
  /**
   * Identity of the command and the idempotency key of its API call: 32 lower-case hexadecimal digits, the first
   * 128 bits of SHA-256 over JSON.stringify([connectorId, messageId, kind]), where kind is the name of this record.
   * The same event always yields the same id.
   */
  readonly commandId: string;

  /** Connector that the event came in on. User and account ids are unique within a connector only. */
  readonly connectorId: string;

  /** Segment's messageId of the event that the command stems from. */
  readonly messageId: string;

  /**
   * When it happened at the sender, corrected for the sender's clock skew. Milliseconds since the Unix epoch, UTC.
   * A newer value of a property wins over an older one, whatever order they arrive in.
   */
  readonly occurredAt: number;

  /** When ingest took the event. Milliseconds since the Unix epoch, UTC. Freshness is measured from it. */
  readonly receivedAt: number;

  /** Name of the event as the sender wrote it, such as "User Registered". */
  readonly event: string;

  /** User who did it. Null where only the anonymous id is known; at least one of the two is set. */
  readonly userId: null | string;

  /** Segment's id of the visitor or device. Null where the sender gave none. */
  readonly anonymousId: null | string;

  /** Properties of this occurrence, by name. */
  readonly properties: { readonly [name: string]: PropertyValue };

  /**
   * What the event says about its user: the traits in the event's context, by name. Set on the user as an
   * UpsertUser with the same occurredAt would. Empty where the event has none.
   */
  readonly userProperties: { readonly [name: string]: PropertyValue };
}

/**
 * Creates the account, or sets the given properties of the existing one. Properties that are not named stay as they
 * are.
 */
export interface UpsertAccount {
  /**
   * Identity of the command and the idempotency key of its API call: 32 lower-case hexadecimal digits, the first
   * 128 bits of SHA-256 over JSON.stringify([connectorId, messageId, kind]), where kind is the name of this record.
   * The same event always yields the same id.
   */
  readonly commandId: string;

  /** Connector that the event came in on. User and account ids are unique within a connector only. */
  readonly connectorId: string;

  /** Segment's messageId of the event that the command stems from. */
  readonly messageId: string;

  /**
   * When it happened at the sender, corrected for the sender's clock skew. Milliseconds since the Unix epoch, UTC.
   * A newer value of a property wins over an older one, whatever order they arrive in.
   */
  readonly occurredAt: number;

  /** When ingest took the event. Milliseconds since the Unix epoch, UTC. Freshness is measured from it. */
  readonly receivedAt: number;

  /** The customer's own id of the account: the groupId of Segment's group call. */
  readonly accountId: string;

  /** Properties to set, by name. A null value sets the property to null; it does not remove it. */
  readonly properties: { readonly [name: string]: PropertyValue };
}

/**
 * Creates the user, or sets the given properties of the existing one. Properties that are not named stay as they
 * are.
 */
export interface UpsertUser {
  /**
   * Identity of the command and the idempotency key of its API call: 32 lower-case hexadecimal digits, the first
   * 128 bits of SHA-256 over JSON.stringify([connectorId, messageId, kind]), where kind is the name of this record.
   * The same event always yields the same id.
   */
  readonly commandId: string;

  /** Connector that the event came in on. User and account ids are unique within a connector only. */
  readonly connectorId: string;

  /** Segment's messageId of the event that the command stems from. */
  readonly messageId: string;

  /**
   * When it happened at the sender, corrected for the sender's clock skew. Milliseconds since the Unix epoch, UTC.
   * A newer value of a property wins over an older one, whatever order they arrive in.
   */
  readonly occurredAt: number;

  /** When ingest took the event. Milliseconds since the Unix epoch, UTC. Freshness is measured from it. */
  readonly receivedAt: number;

  /** The customer's own id of the user, as given to identify. */
  readonly userId: string;

  /**
   * Properties to set, by name. A null value sets the property to null; it does not remove it. Engage audiences and
   * computed traits are properties like any other.
   */
  readonly properties: { readonly [name: string]: PropertyValue };
}

/** Names of the command records, which are the names of their schemas. */
export const commandKinds = ['AssociateUser', 'DeleteUser', 'TrackEvent', 'UpsertAccount', 'UpsertUser'] as const;

export type CommandKind = (typeof commandKinds)[number];

/** A command with the name of its record, which tells the records apart. */
export type Command =
  | { readonly kind: 'AssociateUser'; readonly record: AssociateUser }
  | { readonly kind: 'DeleteUser'; readonly record: DeleteUser }
  | { readonly kind: 'TrackEvent'; readonly record: TrackEvent }
  | { readonly kind: 'UpsertAccount'; readonly record: UpsertAccount }
  | { readonly kind: 'UpsertUser'; readonly record: UpsertUser };
