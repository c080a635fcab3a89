/** `astrolabe schemas`: the Avro schemas of the commands in the registry. */
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import { auditedSchemasApply, checkSchemas } from '@astrolabe/operations';
import { topicsFor } from '@astrolabe/records';
import { commandKinds } from '@astrolabe/schemas';
import { readConfig } from '@astrolabe/service-kit';
import { commandSchemasIn } from '@astrolabe/records/serde';
import type { Command } from 'commander';
import { withAuditorOfBrokers } from './audit/audited.ts';
import { isAgreed, type Act, type CommandContext } from './command-context.ts';
import { schemasConfig } from './config.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { addChangeOptions, addVerb, type ChangeFlags } from './flags.ts';

export function registerSchemas(program: Command, act: Act): void {
  const schemas = program.command('schemas').description('compare the command schemas with those in the registry');
  addChangeOptions(
    addVerb(schemas, 'apply', 'show which schemas are missing; with --execute register them (BACKWARD_TRANSITIVE)', [
      'SCHEMA_REGISTRY_URL=http://localhost:8081 astrolabe schemas apply --execute',
    ]),
  ).action(act((context, flags: ChangeFlags) => runSchemas(context, 'apply', flags)));
  addVerb(schemas, 'check', 'show which schemas are missing; exit code 1 if there are any', [
    'astrolabe schemas check --json',
  ]).action(act((context, flags: ChangeFlags) => runSchemas(context, 'check', flags)));
}

async function runSchemas(context: CommandContext, mode: 'check' | 'apply', flags: ChangeFlags): Promise<ExitCode> {
  const { output, terminal, note } = context;
  const config = readConfig(schemasConfig, context.env);
  const registry = commandSchemasIn(schemaRegistryFromConfig(config));
  const topic = topicsFor(config.kafkaTopicPrefix).commands.name;
  const apply = async (): Promise<ExitCode> => {
    const applied = await withAuditorOfBrokers(context, (auditor) => auditedSchemasApply(auditor, registry, topic));
    output.result(
      { applied },
      applied.map(({ subject, schemaId, changed }) => `${changed ? '+' : '='} ${subject}: schema ${schemaId}`),
    );
    return exitCodes.done;
  };
  if (mode === 'apply' && (flags.execute === true || flags.yes === true)) return apply();
  const check = await checkSchemas(registry, topic);
  if (check.kind === 'registered') {
    output.result(
      { registered: Object.fromEntries(check.ids) },
      commandKinds.map((kind) => `= ${kind}: schema ${String(check.ids.get(kind))}`),
    );
    return exitCodes.done;
  }
  const missing = check.subjects;
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
