import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { commandKinds } from '@astrolabe/schemas';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { isAgreed, type CommandContext } from './command-context.ts';
import type { SchemasConfig } from './config.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { ChangeFlags } from './flags.ts';

/**
 * Says whether the command schemas of this build are registered for the command topic and, once that is agreed to, registers those that are
 * not.
 */
export async function runSchemas(
  config: SchemasConfig,
  mode: 'check' | 'apply',
  context: CommandContext,
  flags: ChangeFlags,
): Promise<ExitCode> {
  const { output, terminal, note } = context;
  const registry = commandSchemasIn(schemaRegistryFromConfig(config));
  const topic = topicsFor(config.kafkaTopicPrefix).commands.name;
  const apply = async (): Promise<ExitCode> => {
    const applied = await registry.apply(topic);
    output.result(
      { applied },
      applied.map(({ subject, schemaId, changed }) => `${changed ? '+' : '='} ${subject}: schema ${schemaId}`),
    );
    return exitCodes.done;
  };
  if (mode === 'apply' && (flags.execute === true || flags.yes === true)) return apply();
  try {
    const ids = await registry.commandIds(topic);
    output.result(
      { registered: Object.fromEntries(ids) },
      commandKinds.map((kind) => `= ${kind}: schema ${String(ids.get(kind))}`),
    );
    return exitCodes.done;
  } catch (error) {
    if (!isPipelineError(error, 'registry.schema-missing')) throw error;
    const missing = error.details['missing'] as readonly string[];
    const lines = missing.map((subject) => `+ ${subject}`);
    if (mode === 'apply' && terminal !== undefined) {
      lines.forEach(note);
      return (await isAgreed(context, flags, 'Register?')) ? apply() : exitCodes.failed;
    }
    output.result({ missing }, [
      ...lines,
      'Nothing was changed. Run "astrolabe schemas apply --execute" to register them.',
    ]);
    return exitCodes.failed;
  }
}
