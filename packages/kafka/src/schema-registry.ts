/**
 * The schema registry: ids of the command schemas for writers, schemas by id for readers, registration for the deployment. All of it
 * through @kafkajs/confluent-schema-registry, whose errors are sorted here: only a clear answer of the registry is final, everything
 * else is `registry.unavailable` and worth waiting for.
 */
import { avroOptions, commandKinds, commandSchemas, subjectFor, type CommandKind } from '@astrolabe/schemas';
import { PipelineError } from '@astrolabe/service-kit';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Type } from 'avsc';

export interface SchemaRegistryOptions {
  /** Base URL; for Apicurio the one that ends in `/apis/ccompat/v7`. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
}

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
   * Rejects with `registry.schema-missing` (final), naming every subject that lacks its schema.
   */
  commandIds(topicName: string): Promise<ReadonlyMap<CommandKind, number>>;
  /** Registers the command schemas for a topic, compatibility BACKWARD_TRANSITIVE. Rejects with `registry.schema-incompatible` (final). */
  apply(topicName: string): Promise<readonly AppliedSubject[]>;
  /**
   * The schema of an id as an avsc type, undefined where the registry knows no such id. Called once for each id that is met; the
   * caller keeps the answer.
   */
  schemaById(id: number): Promise<Type | undefined>;
}

/** The registry section of a process's configuration (`configSections.schemaRegistry`). */
export interface SchemaRegistrySection {
  readonly schemaRegistryUrl: string;
  readonly schemaRegistryUsername: string | undefined;
  readonly schemaRegistryPassword: string | undefined;
}

export function schemaRegistryFromConfig(config: SchemaRegistrySection): CommandSchemaRegistry {
  const { schemaRegistryUrl: url, schemaRegistryUsername: username, schemaRegistryPassword: password } = config;
  const auth = username === undefined || password === undefined ? undefined : { username, password };
  return createSchemaRegistry({ url, auth });
}

/** Makes no call yet. */
export function createSchemaRegistry({ url, auth }: SchemaRegistryOptions): CommandSchemaRegistry {
  const registry = new SchemaRegistry(
    {
      host: url.replace(/\/+$/, ''),
      clientId: 'astrolabe-pipeline',
      ...(auth === undefined ? {} : { auth }),
      // Callers wait and try again by their own policy, and say so in the log.
      retry: { retries: 0 },
    },
    { [SchemaType.AVRO]: avroOptions() },
  );

  const idOf = async (kind: CommandKind, topicName: string): Promise<number | undefined> => {
    const subject = subjectFor(topicName, commandSchemas[kind].fullName);
    return notFoundAsUndefined(
      () => registry.getRegistryIdBySchema(subject, confluentSchema(kind)),
      `looking up ${subject}`,
    );
  };

  return {
    commandIds: async (topicName) => {
      const ids = new Map<CommandKind, number>();
      const missing: string[] = [];
      for (const kind of commandKinds) {
        const id = await idOf(kind, topicName);
        if (id === undefined) missing.push(subjectFor(topicName, commandSchemas[kind].fullName));
        else ids.set(kind, id);
      }
      if (missing.length === 0) return ids;
      throw new PipelineError(
        'registry.schema-missing',
        `the schemas of this build are not registered under ${missing.join(', ')}; register them with "astrolabe schemas apply"`,
        { retryable: false, details: { missing } },
      );
    },
    apply: async (topicName) => {
      const applied: AppliedSubject[] = [];
      for (const kind of commandKinds) {
        const subject = subjectFor(topicName, commandSchemas[kind].fullName);
        const registered = await idOf(kind, topicName);
        const { id } = await attempt(`registering ${subject}`, () =>
          registry.register(confluentSchema(kind), { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE }),
        );
        applied.push({ kind, subject, schemaId: id, changed: registered === undefined });
      }
      return applied;
    },
    schemaById: (id) =>
      notFoundAsUndefined(async () => (await registry.getSchema(id)) as unknown as Type, `looking up schema ${id}`),
  };
}

function confluentSchema(kind: CommandKind): { type: SchemaType.AVRO; schema: string } {
  return { type: SchemaType.AVRO, schema: JSON.stringify(commandSchemas[kind].schema) };
}

async function notFoundAsUndefined<T>(call: () => Promise<T>, doing: string): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw toRegistryError(error, doing);
  }
}

async function attempt<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toRegistryError(error, doing);
  }
}

function toRegistryError(error: unknown, doing: string): PipelineError {
  const message = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  const status = statusOf(error);
  if (status === 409 || status === 422 || nameOf(error) === 'ConfluentSchemaRegistryCompatibilityError') {
    return new PipelineError('registry.schema-incompatible', message, { retryable: false, cause: error });
  }
  if (status === 401 || status === 403) {
    return new PipelineError('registry.unauthorized', message, { retryable: false, cause: error });
  }
  // The client reports a refused connection as status 400, so nothing else counts as a clear answer.
  return new PipelineError('registry.unavailable', message, { retryable: true, cause: error });
}

/** The client wraps a 404 of one call into an error whose message is another error; look through both. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { status } = error as { status?: unknown };
  if (typeof status === 'number') return status;
  return nameOf(error) === 'ConfluentSchemaRegistryError' ? 404 : undefined;
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
