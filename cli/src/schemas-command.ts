import { schemaRegistryFromConfig, topicsFor } from '@astrolabe/kafka';
import { commandKinds } from '@astrolabe/schemas';
import { isPipelineError } from '@astrolabe/service-kit';
import type { SchemasConfig } from './config.ts';
import type { CommandOutput } from './output.ts';

/**
 * Says whether the command schemas of this build are registered for the command topic and, with `execute`, registers those that are not.
 * Returns whether all are at the end.
 */
export async function runSchemas(config: SchemasConfig, execute: boolean, output: CommandOutput): Promise<boolean> {
  const registry = schemaRegistryFromConfig(config);
  const topic = topicsFor(config.kafkaTopicPrefix).commands.name;
  if (execute) {
    const applied = await registry.apply(topic);
    output.result(
      { applied },
      applied.map(({ subject, schemaId, changed }) => `${changed ? '+' : '='} ${subject}: schema ${schemaId}`),
    );
    return true;
  }
  try {
    const ids = await registry.commandIds(topic);
    output.result(
      { registered: Object.fromEntries(ids) },
      commandKinds.map((kind) => `= ${kind}: schema ${String(ids.get(kind))}`),
    );
    return true;
  } catch (error) {
    if (!isPipelineError(error, 'registry.schema-missing')) throw error;
    const missing = error.details['missing'] as readonly string[];
    output.result({ missing }, [
      ...missing.map((subject) => `+ ${subject}`),
      'Nothing was changed. Run "astrolabe schemas apply --execute" to register them.',
    ]);
    return false;
  }
}
