import type { Type } from 'avsc';

/** A schema of the registry: one that avsc can read with, or something else that somebody registered. */
export type RegisteredSchema =
  { readonly kind: 'avro'; readonly type: Type } | { readonly kind: 'other'; readonly description: string };

/**
 * A schema registry. Called at start and when an unknown id is met, never once for each record.
 *
 * Only a clear answer of the registry counts as one. Failure: rejects with a `PipelineError`: `registry.unavailable`
 * (retryable) for whatever a registry would not say, `registry.unauthorized` (final), `registry.schema-incompatible`
 * (final: it refuses the schema).
 */
export interface SchemaRegistry {
  /** The id of this schema, as JSON text, under a subject; undefined where the subject or the schema is not there. */
  findId(subject: string, schema: string): Promise<number | undefined>;
  /** The latest schema of a subject; undefined where there is none. */
  latestOf(subject: string): Promise<RegisteredSchema | undefined>;
  /**
   * Registers a schema, compatibility BACKWARD_TRANSITIVE, and gives its id. Harmless where it is registered already.
   */
  register(subject: string, schema: string): Promise<number>;
  /**
   * What an id stands for, undefined where the registry knows no such id. Called once for each id that is met; the
   * caller keeps the answer.
   */
  schemaById(id: number): Promise<RegisteredSchema | undefined>;
}
