/** Whether the command schemas of this build are registered, and registering them. */
import type { AppliedSubject, CommandSchemaRegistry } from '@astrolabe/records/serde';
import { isPipelineError } from '@astrolabe/service-kit/errors';

export type SchemasCheck =
  /** Schema ids by command. */
  | { readonly kind: 'registered'; readonly ids: ReadonlyMap<string, number> }
  /** Names of the subjects that lack the schema of this build, and the ids of the others by command. */
  | {
      readonly kind: 'missing';
      readonly subjects: readonly string[];
      readonly ids: ReadonlyMap<string, number>;
    };

/** Changes nothing. */
export async function checkSchemas(
  registry: { commandIds(topic: string): Promise<ReadonlyMap<string, number>> },
  topic: string,
): Promise<SchemasCheck> {
  try {
    return { kind: 'registered', ids: await registry.commandIds(topic) };
  } catch (error) {
    if (!isPipelineError(error, 'registry.schema-missing')) throw error;
    const { missing, registered } = error.details as {
      readonly missing: readonly string[];
      readonly registered: Readonly<Record<string, number>>;
    };
    return { kind: 'missing', subjects: missing, ids: new Map(Object.entries(registered)) };
  }
}

/** Registers what is missing; each subject with its id, and whether it was changed. */
export function applySchemas(
  registry: Pick<CommandSchemaRegistry, 'apply'>,
  topic: string,
): Promise<readonly AppliedSubject[]> {
  return registry.apply(topic);
}
