/** The command schemas of a registry, as writers and readers of commands ask for them. `createSchemaRegistry` asks a real one. */
import type { CommandKind } from '@astrolabe/schemas';
import type { Type } from 'avsc';

/** A schema of the registry: one that avsc can read with, or something else that somebody registered. */
export type RegisteredSchema =
  { readonly kind: 'avro'; readonly type: Type } | { readonly kind: 'other'; readonly description: string };

/** What became of one subject at registration. */
export interface AppliedSubject {
  readonly kind: CommandKind;
  readonly subject: string;
  readonly schemaId: number;
  /** False where this very schema was registered before. */
  readonly changed: boolean;
}

export interface CommandSchemaRegistry {
  /**
   * Ids under which the command schemas of this build are registered for a topic. Called once, at start.
   * Rejects (final) with `registry.schema-missing`, naming every subject that lacks its schema, or with `registry.schema-incompatible`,
   * naming those whose latest schema this build cannot read, so that it could not be registered either.
   */
  commandIds(topicName: string): Promise<ReadonlyMap<CommandKind, number>>;
  /** Registers the command schemas for a topic, compatibility BACKWARD_TRANSITIVE. Rejects with `registry.schema-incompatible` (final). */
  apply(topicName: string): Promise<readonly AppliedSubject[]>;
  /**
   * What an id stands for, undefined where the registry knows no such id. Called once for each id that is met; the caller keeps the
   * answer.
   */
  schemaById(id: number): Promise<RegisteredSchema | undefined>;
}
