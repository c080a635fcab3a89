import { PipelineError } from '@astrolabe/service-kit/errors';
import type { ExternalAddresses } from './external-stack.ts';

export const stackKinds = ['external', 'containers', 'jvm'] as const;
export type StackKind = (typeof stackKinds)[number];

export interface StackSettings {
  /** `ASTROLABE_STACK`: this way or none. */
  readonly forced: StackKind | undefined;
  /** From `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`. */
  readonly external: ExternalAddresses | undefined;
}

/** Throws `config.invalid` with everything that is wrong. An empty variable counts as unset. */
export function readStackSettings(env: NodeJS.ProcessEnv): StackSettings {
  const problems: string[] = [];
  const forcedText = env.ASTROLABE_STACK || undefined;
  const forced = stackKinds.find((kind) => kind === forcedText);
  if (forcedText !== undefined && forced === undefined) {
    problems.push(
      `ASTROLABE_STACK is "${forcedText}", expected one of ${stackKinds.join(', ')}, or unset to choose by itself`,
    );
  }

  const kafkaBrokers = env.KAFKA_BROKERS || undefined;
  const schemaRegistryUrl = env.SCHEMA_REGISTRY_URL || undefined;
  const external =
    kafkaBrokers !== undefined && schemaRegistryUrl !== undefined ? { kafkaBrokers, schemaRegistryUrl } : undefined;
  if (forced === 'external' && external === undefined) {
    problems.push('ASTROLABE_STACK=external needs both KAFKA_BROKERS and SCHEMA_REGISTRY_URL');
  } else if (forced === undefined && external === undefined && (kafkaBrokers ?? schemaRegistryUrl) !== undefined) {
    const [set, missing] =
      kafkaBrokers === undefined ? ['SCHEMA_REGISTRY_URL', 'KAFKA_BROKERS'] : ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'];
    problems.push(
      `${set} is set but ${missing} is not: set both to use that stack, or neither to have a local one started`,
    );
  }

  if (problems.length > 0) throw new PipelineError('config.invalid', problems.join('; '), { retryable: false });
  return { forced, external };
}
