/** Whether the command schemas of this build are registered, and registering them. */
import type { AppliedSubject, CommandSchemaRegistry } from '@astrolabe/records/serde';
import { isPipelineError } from '@astrolabe/service-kit/errors';

export type SchemasCheck =
  /** Schema ids by command. */
  | { readonly kind: 'registered'; readonly ids: ReadonlyMap<string, number> }
  /** Names of the subjects that lack the schema of this build. */
  | { readonly kind: 'missing'; readonly subjects: readonly string[] };

/** Changes nothing. */
export async function checkSchemas(
  registry: { commandIds(topic: string): Promise<ReadonlyMap<string, number>> },
  topic: string,
): Promise<SchemasCheck> {
  try {
    return { kind: 'registered', ids: await registry.commandIds(topic) };
  } catch (error) {
    if (!isPipelineError(error, 'registry.schema-missing')) throw error;
    return { kind: 'missing', subjects: error.details['missing'] as readonly string[] };
  }
}

/** Registers what is missing; each subject with its id, and whether it was changed. */
export function applySchemas(
  registry: Pick<CommandSchemaRegistry, 'apply'>,
  topic: string,
): Promise<readonly AppliedSubject[]> {
  return registry.apply(topic);
}
