/** Requests to the console's own API, which is all that the pages use. */
import { toProblem, UNREACHABLE, type Answer } from '../core/resource-state.ts';
import { toSearch, type Query } from '../core/routes.ts';

export interface ApiClient {
  get<Body>(path: string, query: Query, signal?: AbortSignal): Promise<Answer<Body>>;
  post<Body>(path: string, body: object, signal?: AbortSignal): Promise<Answer<Body>>;
  put<Body>(path: string, body: object, signal?: AbortSignal): Promise<Answer<Body>>;
  /** Of a download or a stream, for the browser itself. */
  url(path: string, query: Query): string;
}

export interface ApiClientOptions {
  /** With both slashes. */
  readonly base: string;
  readonly fetch: typeof fetch;
  /** The session has ended, or there was none. */
  readonly onSignedOut: () => void;
}

export function createApiClient({ base, fetch, onSignedOut }: ApiClientOptions): ApiClient {
  const url = (path: string, query: Query): string => `${base}api/v1${path}${toSearch(query)}`;
  const ask = async <Body>(address: string, init: RequestInit): Promise<Answer<Body>> => {
    try {
      const response = await fetch(address, { credentials: 'same-origin', cache: 'no-store', ...init });
      const body: unknown = await response.json().catch(() => undefined);
      if (response.status === 401) onSignedOut();
      if (response.ok && body !== undefined) return { kind: 'answer', body: body as Body };
      return { kind: 'problem', problem: toProblem(response.status, body) };
    } catch {
      return { kind: 'problem', problem: UNREACHABLE };
    }
  };
  const send = <Body>(method: string, path: string, body: object, signal?: AbortSignal): Promise<Answer<Body>> =>
    ask<Body>(url(path, {}), {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal !== undefined && { signal }),
    });
  return {
    url,
    get: (path, query, signal) => ask(url(path, query), signal === undefined ? {} : { signal }),
    post: (path, body, signal) => send('POST', path, body, signal),
    put: (path, body, signal) => send('PUT', path, body, signal),
  };
}

/** `['dead-letters', topic]` → `/dead-letters/…`, each part encoded. */
export function apiPath(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part.toWellFormed())}`).join('');
}
