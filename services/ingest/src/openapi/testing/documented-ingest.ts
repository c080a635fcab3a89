/** Ingest beside its document: the operations, a good request for each, and what came of the requests so far. */
import assert from 'node:assert/strict';
import { loadOpenApi, type HttpResponse, type OpenApiOperation } from '@astrolabe/schemas/testing';
import { API_KEY, basicAuth } from '../../testing.ts';

export const contract = loadOpenApi('ingest');

export interface DocumentedOperation {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** As in the document. */
  readonly template: string;
  /** With values for its parameters, without a query. */
  readonly path: string;
  readonly operation: OpenApiOperation;
}

const pathValues: Readonly<Record<string, string>> = { connector: 'acme', type: 'track', writeKey: 'write-acme' };

export const operations: readonly DocumentedOperation[] = Object.entries(contract.document.paths).flatMap(
  ([template, item]) =>
    (['get', 'post'] as const).flatMap((method): DocumentedOperation[] => {
      const operation = item[method];
      if (operation === undefined) return [];
      const path = template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => pathValues[name] ?? '');
      return [{ id: operation.operationId, method, template, path, operation }];
    }),
);

/** Those that take events in a body. */
export const eventOperations = operations.filter(({ id, method }) => method === 'post' && id !== 'sdkMetrics');

export function isListOperation({ id }: DocumentedOperation): boolean {
  return id === 'batch' || id === 'import';
}

/** Whether the path implies the type of its event. */
function isSingle({ id }: DocumentedOperation): boolean {
  return !['batch', 'import', 'partner', 'webhook'].includes(id);
}

export function bodyWith(operation: DocumentedOperation, event: object): object {
  return isListOperation(operation) ? { batch: [event] } : event;
}

/** Has what an event of any type needs. */
export function goodEvent(operation: DocumentedOperation): object {
  const event = { userId: 'u1', event: 'Signed Up', groupId: 'g1', previousId: 'v1' };
  return isSingle(operation) ? event : { ...event, type: 'track' };
}

export function goodBody(operation: DocumentedOperation): object {
  return bodyWith(operation, goodEvent(operation));
}

export const keyHeader = { authorization: basicAuth(`${API_KEY}:`) };

export interface Sent {
  readonly path?: string;
  /** Beside the content type; the API key by default. An empty one is not sent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
  /** Whether the request has to keep the document, or to break it. Undefined where the document cannot tell. */
  readonly keepsDocument?: boolean;
}

/** Every answer so far, as `operation status code`. */
export class Reached {
  readonly #answers = new Set<string>();

  get answers(): readonly string[] {
    return [...this.#answers].toSorted();
  }

  /** Asserts that the answer is one of the document, and notes it. Returns its code, or undefined. */
  note({ id, method }: DocumentedOperation, path: string, response: HttpResponse): string | undefined {
    const errors = contract.responseErrors({ method, path }, response);
    assert.deepEqual(errors, [], `${id} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
    const { code } = (response.body ?? {}) as { readonly code?: string };
    this.#answers.add(`${id} ${response.status} ${code ?? 'done'}`);
    return code;
  }

  async send(url: string, documented: DocumentedOperation, sent: Sent = {}): Promise<HttpResponse> {
    const { path = documented.path, keepsDocument } = sent;
    const headers = Object.fromEntries(
      Object.entries({
        ...(documented.method === 'post' ? { 'content-type': 'application/json' } : {}),
        ...keyHeader,
        ...sent.headers,
      }).filter(([, value]) => value !== ''),
    );
    const text = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
    const body = sent.body === undefined ? {} : { body: text };
    if (keepsDocument !== undefined) {
      const errors = contract.requestErrors({ method: documented.method, path, headers, body: sent.body });
      assert.equal(errors.length === 0, keepsDocument, `${documented.id}: ${errors.join(', ')}`);
    }
    const response = await fetch(url + path, { method: documented.method.toUpperCase(), headers, ...body });
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const answer: HttpResponse = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: isJson ? await response.json() : await response.text(),
    };
    this.note(documented, path, answer);
    return answer;
  }
}
