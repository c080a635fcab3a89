/** The schema registry, where one is configured: events can be read without it. */
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import {
  commandSchemasIn,
  createCommandDecoder,
  type CommandDecoder,
  type CommandSchemaRegistry,
} from '@astrolabe/records/serde';
import { configSections, defineConfig, readConfig, type Environment } from '@astrolabe/service-kit';

const registryConfig = defineConfig(configSections.schemaRegistry);

export function registryFrom({ env }: { readonly env: Environment }): CommandSchemaRegistry | undefined {
  if ((env['SCHEMA_REGISTRY_URL'] ?? '') === '') return undefined;
  return commandSchemasIn(schemaRegistryFromConfig(readConfig(registryConfig, env)));
}

export function decoderFrom(context: { readonly env: Environment }): CommandDecoder | undefined {
  const registry = registryFrom(context);
  return registry === undefined ? undefined : createCommandDecoder(registry);
}
