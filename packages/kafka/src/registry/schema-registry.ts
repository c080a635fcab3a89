/**
 * The client of a schema registry. Read by `registry-reader.ts`, registered through @kafkajs/confluent-schema-registry,
 * whose errors are sorted here. Only a clear answer of the registry is final; everything else is `registry.unavailable`
 * and worth waiting for.
 */
import { Agent } from 'node:https';
import { COMPATIBILITY, SchemaRegistry as ConfluentRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { SchemaRegistry } from '@astrolabe/records';
import { avroOptions } from '@astrolabe/schemas/avro';
import { LiveText, splitUrlCredentials } from '@astrolabe/service-kit';
import { PipelineError, errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { readTls, tlsMaterialOf, type TlsMaterial, type TlsSection } from '@astrolabe/service-kit/tls';
import {
  fetchLatestId,
  fetchSchema,
  findSchemaId,
  readSchemaId,
  type RegistryAddress,
  type RegistryLogin,
} from './registry-reader.ts';

export interface SchemaRegistryOptions {
  /**
   * Base URL; for Apicurio the one that ends in `/apis/ccompat/v7`. Credentials in it are used where `auth` has none.
   */
  readonly url: string;
  readonly auth?: RegistryLogin | undefined;
  readonly tls?: TlsMaterial;
  /** For each call, to the last byte of its answer. Default 10,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** The registry section of a process's configuration (`configSections.schemaRegistry`). */
export interface SchemaRegistrySection extends TlsSection<'schemaRegistry'> {
  readonly schemaRegistryUrl: string;
  readonly schemaRegistryUsername: string | undefined;
  readonly schemaRegistryPassword: LiveText | undefined;
}

export function schemaRegistryFromConfig(config: SchemaRegistrySection): SchemaRegistry {
  const { schemaRegistryUrl: url, schemaRegistryUsername: username, schemaRegistryPassword: password } = config;
  const auth = username === undefined || password === undefined ? undefined : { username, password };
  return createSchemaRegistry({ url, auth, tls: tlsMaterialOf(config, 'schemaRegistry') });
}

/** Makes no call yet. */
export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const address = addressOf(options);
  const { url, auth, tls, timeoutMs } = address;
  // Made for each registration: what is in files may have been replaced since the last.
  const open = (): ConfluentRegistry =>
    new ConfluentRegistry(
      {
        host: url,
        clientId: 'astrolabe-pipeline',
        ...(auth === undefined ? {} : { auth: { username: auth.username, password: auth.password.read() } }),
        ...(url.startsWith('https:') ? { agent: new Agent(readTls(tls)) } : {}),
        // Callers wait and try again by their own policy, and say so in the log.
        retry: { retries: 0 },
      },
      { [SchemaType.AVRO]: avroOptions() },
    );

  const register = async (subject: string, schema: string): Promise<number> => {
    const doing = `registering ${subject}`;
    const compatibility = COMPATIBILITY.BACKWARD_TRANSITIVE;
    try {
      const registering = open().register({ type: SchemaType.AVRO, schema }, { subject, compatibility });
      // The client's own time-out is for silence: an answer that drips, or is cut off, would never end.
      const { id } = await unlessAborted(registering, AbortSignal.timeout(timeoutMs));
      return readSchemaId(id, doing);
    } catch (error) {
      throw isPipelineError(error) ? error : toRegistryError(error, doing);
    }
  };

  return {
    findId: (subject, schema) => findSchemaId(address, subject, schema),
    latestOf: async (subject) => {
      const id = await fetchLatestId(address, subject);
      return id === undefined ? undefined : fetchSchema(address, id);
    },
    register,
    schemaById: (id) => fetchSchema(address, id),
  };
}

function addressOf({ url, auth, tls = {}, timeoutMs = DEFAULT_TIMEOUT_MS }: SchemaRegistryOptions): RegistryAddress {
  const split = splitUrlCredentials(url);
  const ofUrl = split.auth && { username: split.auth.username, password: LiveText.of(split.auth.password) };
  return { url: split.url, auth: auth ?? ofUrl, tls, timeoutMs };
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

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'status' in error ? error.status : undefined;
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
