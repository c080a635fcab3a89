/**
 * The schema registry: ids of the command schemas for writers, schemas by id for readers, registration for the deployment. All of it
 * through @kafkajs/confluent-schema-registry, whose errors are sorted here: only a clear answer of the registry is final, everything
 * else is `registry.unavailable` and worth waiting for.
 */
import {
  avroOptions,
  commandKinds,
  commandSchemas,
  commandTypes,
  subjectFor,
  type CommandKind,
} from '@astrolabe/schemas';
import { PipelineError, errorMessage } from '@astrolabe/service-kit';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import avro, { type Type } from 'avsc';

export interface SchemaRegistryOptions {
  /** Base URL; for Apicurio the one that ends in `/apis/ccompat/v7`. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /** For each call; the client itself would wait for ever. Default 10,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

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

/** A schema of the registry: one that avsc can read with, or something else that somebody registered. */
export type RegisteredSchema =
  { readonly kind: 'avro'; readonly type: Type } | { readonly kind: 'other'; readonly description: string };

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
export function createSchemaRegistry(options: SchemaRegistryOptions): CommandSchemaRegistry {
  const { url, auth, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const registry = new SchemaRegistry(
    {
      host: baseUrlOf(url),
      clientId: 'astrolabe-pipeline',
      ...(auth === undefined ? {} : { auth }),
      middlewares: [politely(timeoutMs)],
      // Callers wait and try again by their own policy, and say so in the log.
      retry: { retries: 0 },
    },
    { [SchemaType.AVRO]: avroOptions() },
  );

  /**
   * A 404 of a proxy whose registry is away, or of a path that is none of a registry's, must not pass for the registry's word: good
   * commands would become dead letters. So who says "not found" has to prove that it is a registry, and say it again.
   */
  const undefinedIfNotFound = async <T>(call: () => Promise<T>, doing: string): Promise<T | undefined> => {
    const attemptOnce = async (): Promise<{ found: T } | undefined> => {
      try {
        return { found: await call() };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw toRegistryError(error, doing);
      }
    };
    const first = await attemptOnce();
    if (first !== undefined) return first.found;
    await assertIsRegistry(options, doing);
    return (await attemptOnce())?.found;
  };

  const idOf = (kind: CommandKind, topicName: string): Promise<number | undefined> => {
    const subject = subjectFor(topicName, commandSchemas[kind].fullName);
    return undefinedIfNotFound(
      () => registry.getRegistryIdBySchema(subject, confluentSchema(kind)),
      `looking up ${subject}`,
    );
  };

  /** Why this build cannot read the latest schema of a subject; undefined where it can, or where there is none. */
  const unreadableLatest = async (kind: CommandKind, subject: string): Promise<string | undefined> => {
    const latest = await undefinedIfNotFound(
      async () => readSchema(registry, await registry.getLatestSchemaId(subject)),
      `looking up the latest schema of ${subject}`,
    );
    if (latest?.kind !== 'avro') return latest?.description;
    try {
      commandTypes[kind].createResolver(latest.type);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  };

  return {
    commandIds: async (topicName) => {
      const ids = new Map<CommandKind, number>();
      const missing: string[] = [];
      const unreadable: string[] = [];
      for (const kind of commandKinds) {
        const id = await idOf(kind, topicName);
        if (id !== undefined) {
          ids.set(kind, id);
          continue;
        }
        const subject = subjectFor(topicName, commandSchemas[kind].fullName);
        missing.push(subject);
        const reason = await unreadableLatest(kind, subject);
        if (reason !== undefined) unreadable.push(`${subject} (${reason})`);
      }
      if (missing.length === 0) return ids;
      if (unreadable.length > 0) {
        throw new PipelineError(
          'registry.schema-incompatible',
          `the schemas of this build cannot read what is registered under ${unreadable.join(', ')}; deploy the versions in their order`,
          { retryable: false, details: { unreadable } },
        );
      }
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
    schemaById: (id) => undefinedIfNotFound(() => readSchema(registry, id), `looking up schema ${id}`),
  };
}

async function readSchema(registry: SchemaRegistry, id: number): Promise<RegisteredSchema> {
  try {
    const schema: unknown = await registry.getSchema(id);
    return avro.Type.isType(schema)
      ? { kind: 'avro', type: schema as Type }
      : { kind: 'other', description: 'no Avro schema' };
  } catch (error) {
    // The registry has answered, and the client can make nothing of the schema.
    if (nameOf(error) !== 'ConfluentSchemaRegistryArgumentError') throw error;
    return { kind: 'other', description: `a schema that this build cannot read (${errorMessage(error)})` };
  }
}

interface RegistryRequest {
  enhance(extras: { timeout: number }): RegistryRequest;
}
interface RegistryResponse {
  data(): unknown;
}

/** The client's own manners: it would wait for ever, and take any page that comes with a 200 for a schema. */
function politely(timeoutMs: number) {
  return () => ({
    prepareRequest: async <T extends RegistryRequest>(next: () => Promise<T>): Promise<T> =>
      (await next()).enhance({ timeout: timeoutMs }) as T,
    response: async <T extends RegistryResponse>(next: () => Promise<T>): Promise<T> => {
      const response = await next();
      if (typeof response.data() === 'object') return response;
      throw new Error('the answer is no JSON object; is this the URL of a schema registry?');
    },
  });
}

/** Rejects with `registry.unavailable` unless the URL leads to a registry that answers. */
async function assertIsRegistry(
  { url, auth, timeoutMs = DEFAULT_TIMEOUT_MS }: SchemaRegistryOptions,
  doing: string,
): Promise<void> {
  const credentials = auth === undefined ? undefined : Buffer.from(`${auth.username}:${auth.password}`);
  try {
    const response = await fetch(`${baseUrlOf(url)}/schemas/types`, {
      headers: credentials === undefined ? {} : { authorization: `Basic ${credentials.toString('base64')}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const types: unknown = response.ok ? await response.json() : undefined;
    if (Array.isArray(types) && types.includes('AVRO')) return;
  } catch (error) {
    throw toRegistryError(error, doing);
  }
  throw new PipelineError('registry.unavailable', `${doing}: what answers at ${url} is no schema registry`, {
    retryable: true,
  });
}

function baseUrlOf(url: string): string {
  return url.replace(/\/+$/, '');
}

function confluentSchema(kind: CommandKind): { type: SchemaType.AVRO; schema: string } {
  return { type: SchemaType.AVRO, schema: JSON.stringify(commandSchemas[kind].schema) };
}

async function attempt<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toRegistryError(error, doing);
  }
}

function toRegistryError(error: unknown, doing: string): PipelineError {
  const message = `${doing}: ${describeFault(errorMessage(error))}`;
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

/** Of a registry that does not answer the client makes "status 400", behind a name of its own. */
function describeFault(message: string): string {
  const away = /^\S+ - Error, status 400: ((?:connect|getaddrinfo|read|write|Timeout|socket) ?.*)$/is.exec(
    message,
  )?.[1];
  return away === undefined
    ? message
    : `the registry cannot be reached (${away}); check SCHEMA_REGISTRY_URL and the network`;
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
