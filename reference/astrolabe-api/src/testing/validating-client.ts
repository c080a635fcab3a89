/** A client that checks every request and answer against schemas/openapi/astrolabe.yaml. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Client } from 'undici';
import { parseJson, stringifyJson, type JsonValue } from '@astrolabe/schemas';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import { startReferenceApi, type ReferenceApiOptions, type RunningReferenceApi } from '../index.ts';

const contract = loadOpenApi();

export const apiKeys = [
  { connector: 'acme', key: 'key-of-acme' },
  { connector: 'globex', key: 'key-of-globex' },
];

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed; undefined if there is none. */
  readonly body: JsonValue | undefined;
}

export interface CallOptions {
  /** Default: that of acme. */
  readonly apiKey?: string;
  readonly idempotencyKey?: string;
  readonly body?: JsonValue;
  /** Sent instead of `body`, unchanged. */
  readonly rawBody?: string | Buffer;
  /** Default `application/json` if there is a body. */
  readonly contentType?: string;
  /** The request must break the contract, which is checked. Its answer must still keep the contract. */
  readonly offContract?: boolean;
}

export interface ValidatingClient {
  /** Rejects if the connection ends without an answer. */
  call(method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH', path: string, options?: CallOptions): Promise<Answer>;
}

export interface TestApi extends ValidatingClient {
  readonly api: RunningReferenceApi;
}

/** A server and its client, closed with the test. */
export async function startTestApi(t: TestContext, options: Partial<ReferenceApiOptions> = {}): Promise<TestApi> {
  const api = await startReferenceApi({ apiKeys, onError: (error) => assert.fail(error as Error), ...options });
  t.after(() => api.close());
  return { api, ...createValidatingClient(t, api.url) };
}

export function createValidatingClient(t: TestContext, url: string): ValidatingClient {
  // Unlike fetch, undici's own request does not change the path: "/v1/users/%2E" stays as it is.
  const client = new Client(url, { pipelining: 1 });
  t.after(() => client.destroy());
  return {
    call: async (method, path, { apiKey = 'key-of-acme', idempotencyKey, offContract = false, ...content } = {}) => {
      const payload = content.rawBody ?? (content.body === undefined ? undefined : stringifyJson(content.body));
      const contentType = content.contentType ?? (payload === undefined ? undefined : 'application/json');
      const headers = {
        ...(apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      };
      const requestErrors = contract.requestErrors({ method, path, headers, body: bodyToCheck(payload) });
      if (offContract) assert.notDeepEqual(requestErrors, [], `${method} ${path} keeps the contract`);
      else assert.deepEqual(requestErrors, [], `${method} ${path}`);

      const response = await client.request({ method, path, headers, body: payload ?? null });
      const text = await response.body.text();
      const answer: Answer = {
        status: response.statusCode,
        headers: response.headers as Record<string, string>,
        body: text === '' ? undefined : parseJson(text),
      };
      // Paths and methods missing from the document are still answered with its problems.
      const responseErrors = contract.responseErrors({ method, path }, answer);
      const known = !(offContract && responseErrors.some((error) => error.startsWith('there is no')));
      assert.deepEqual(
        known ? responseErrors : contract.errorsOf('Problem', answer.body),
        [],
        `${method} ${path}: ${text}`,
      );
      return answer;
    },
  };
}

function bodyToCheck(payload: string | Buffer | undefined): unknown {
  if (payload === undefined) return undefined;
  try {
    return parseJson(payload.toString());
  } catch {
    return payload.toString();
  }
}
