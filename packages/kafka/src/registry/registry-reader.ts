/**
 * What the registry is asked, read by ourselves: the registry client takes whatever comes with a 200 for an answer and
 * keeps it until the process ends, takes any 404 for the registry's word, never returns when an answer is cut off, and
 * waits without limit for one that drips.
 */
import type { RegisteredSchema } from '@astrolabe/records';
import { avroOptions } from '@astrolabe/schemas/avro';
import type { LiveText } from '@astrolabe/service-kit';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { createFetch, describeTlsFault, type TlsMaterial } from '@astrolabe/service-kit/tls';
import avro from 'avsc';

export interface RegistryLogin {
  readonly username: string;
  readonly password: LiveText;
}

/** Where a registry is, and how to log in. `url` has no credentials and no slash at its end. */
export interface RegistryAddress {
  readonly url: string;
  readonly auth: RegistryLogin | undefined;
  readonly tls: TlsMaterial;
  /** For the whole call, to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** Confluent's own codes for a subject, a version or a schema that does not exist. A proxy's 404 has none of them. */
const NOT_FOUND_CODES: ReadonlySet<unknown> = new Set([40_401, 40_402, 40_403]);

/** Schemas of a few hundred kilobytes exist; a page without end must not fill the memory. */
const MAX_ANSWER_BYTES = 4_194_304;

/**
 * What an id stands for; undefined where the registry says that it has no such id. Like all calls here, rejects with
 * `registry.unauthorized` (final), and with `registry.unavailable` (retryable) for whatever a registry would not say.
 */
export async function fetchSchema(address: RegistryAddress, id: number): Promise<RegisteredSchema | undefined> {
  const doing = `looking up schema ${id}`;
  const answer = await ask(address, doing, `/schemas/ids/${id}`);
  return answer === undefined ? undefined : readSchema(answer, id, doing);
}

/**
 * The id of this schema under a subject; undefined where the registry says that the subject or the schema is not there.
 */
export async function findSchemaId(
  address: RegistryAddress,
  subject: string,
  schema: string,
): Promise<number | undefined> {
  const doing = `looking up ${subject}`;
  const answer = await ask(address, doing, `/subjects/${encodeURIComponent(subject)}`, JSON.stringify({ schema }));
  return answer === undefined ? undefined : readSchemaId(answer['id'], doing);
}

/** The id of the latest schema of a subject; undefined where the registry says that there is none. */
export async function fetchLatestId(address: RegistryAddress, subject: string): Promise<number | undefined> {
  const doing = `looking up the latest schema of ${subject}`;
  const answer = await ask(address, doing, `/subjects/${encodeURIComponent(subject)}/versions/latest`);
  return answer === undefined ? undefined : readSchemaId(answer['id'], doing);
}

/** An id as a registry gives them; rejects anything else as `registry.unavailable`. */
export function readSchemaId(id: unknown, doing: string): number {
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return id;
  throw unavailable(`${doing}: the answer has no schema id${HINT}`);
}

const HINT = '; is SCHEMA_REGISTRY_URL the URL of a schema registry?';

type Fields = Readonly<Record<string, unknown>>;

/** A successful answer, or undefined where the registry says that there is no such thing. */
async function ask(address: RegistryAddress, doing: string, path: string, body?: string): Promise<Fields | undefined> {
  const { status, text } = await request(address, doing, path, body);
  const answer = parseJson(text);
  const fields = typeof answer === 'object' && answer !== null ? (answer as Fields) : undefined;
  if (status === 401 || status === 403) {
    throw new PipelineError('registry.unauthorized', `${doing}: status ${status}`, { retryable: false });
  }
  if (status === 409 || status === 422) {
    const reason = typeof fields?.['message'] === 'string' ? `: ${fields['message']}` : '';
    throw new PipelineError('registry.schema-incompatible', `${doing}: status ${status}${reason}`, {
      retryable: false,
    });
  }
  if (status === 404 && NOT_FOUND_CODES.has(fields?.['error_code'])) return undefined;
  if (status !== 200) throw unavailable(`${doing}: status ${status}${status === 404 ? HINT : ''}`);
  if (fields === undefined) throw unavailable(`${doing}: the answer is not JSON${HINT}`);
  return fields;
}

function readSchema(fields: Fields, id: number, doing: string): RegisteredSchema {
  const { schema } = fields;
  if (typeof schema !== 'string') throw unavailable(`${doing}: the answer has no schema${HINT}`);
  const { schemaType = 'AVRO', id: answeredId = id } = fields;
  if (answeredId !== id) throw unavailable(`${doing}: the answer is about schema ${String(answeredId)}`);
  if (schemaType !== 'AVRO') return { kind: 'other', description: `a schema of type ${String(schemaType)}` };
  const definition = parseJson(schema);
  // A registry stores nothing as Avro that is not JSON, so this text was damaged on its way.
  if (definition === undefined) throw unavailable(`${doing}: the text of the schema is damaged`);
  try {
    return { kind: 'avro', type: avro.Type.forSchema(definition as avro.Schema, avroOptions()) };
  } catch (error) {
    return { kind: 'other', description: `a schema that this build cannot read (${errorMessage(error)})` };
  }
}

async function request(
  address: RegistryAddress,
  doing: string,
  path: string,
  body: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const { url, auth, tls, timeoutMs } = address;
  const credentials = auth === undefined ? undefined : Buffer.from(`${auth.username}:${auth.password.read()}`);
  try {
    const response = await createFetch(tls)(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
        ...(credentials === undefined ? {} : { authorization: `Basic ${credentials.toString('base64')}` }),
      },
      // Where a redirect leads is not the registry that was configured, and would be sent its password.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await readBounded(response) };
  } catch (error) {
    // The reason of a request that failed on the network is in its cause; what fails while the answer is read has none.
    const { cause } = error as { cause?: unknown };
    const deepest = cause instanceof Error ? cause : error;
    const { code } = deepest as { code?: string };
    const reason = describeTlsFault(code, { whom: 'the registry', variables: 'SCHEMA_REGISTRY_SSL' }) ?? errorMessage(deepest);
    const message = `${doing}: the registry cannot be reached (${reason}); check SCHEMA_REGISTRY_URL and the network`;
    throw new PipelineError('registry.unavailable', message, { retryable: true, cause: error });
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(message: string): PipelineError {
  return new PipelineError('registry.unavailable', message, { retryable: true });
}
