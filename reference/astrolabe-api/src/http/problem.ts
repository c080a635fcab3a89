/** The closed list of problems of schemas/openapi/astrolabe.yaml, and how to answer with one. */

export const problemTitles = {
  'malformed-json': 'The body is not JSON text',
  'invalid-request': 'The request does not fit the contract',
  'invalid-id': 'An id in the path is empty, too long or not valid text',
  'idempotency-key-missing': 'A write needs an Idempotency-Key',
  'idempotency-key-invalid': 'The Idempotency-Key is not valid',
  unauthorized: 'The API key is missing or unknown',
  forbidden: 'The API key may not do this',
  'not-found': 'Nothing is there',
  'method-not-allowed': 'The path does not have this method',
  'request-timeout': 'The request was not complete in time',
  'idempotency-key-in-use': 'A call with this idempotency key is in progress',
  'payload-too-large': 'The body is over the limit',
  'unsupported-media-type': 'The body is not application/json',
  'idempotency-key-reused': 'The idempotency key was used for another command',
  'rate-limited': 'Too many calls',
  'internal-error': 'A fault of the API',
  'not-implemented': 'This API does not offer that',
  'bad-gateway': 'A fault between client and API',
  unavailable: 'The API is unavailable',
  'gateway-timeout': 'A fault between client and API',
} as const;

export type ProblemCode = keyof typeof problemTitles;

/** A place in the request that breaks the contract. */
export interface RequestDefect {
  /** JSON pointer (RFC 6901) into the body, or a parameter's name. */
  readonly pointer: string;
  readonly detail: string;
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly errors?: readonly RequestDefect[];
}

export const problemMediaType = 'application/problem+json';

export function buildProblem(status: number, code: ProblemCode, detail: string): Problem {
  return { type: `urn:astrolabe:problem:${code}`, title: problemTitles[code], status, detail, code };
}

/** 400 for a request that breaks the contract, naming every place. */
export function buildRequestProblem(code: 'invalid-request' | 'invalid-id', errors: readonly RequestDefect[]): Problem {
  const detail = errors.map((error) => `${error.pointer} ${error.detail}`.trim()).join('; ');
  return { ...buildProblem(400, code, detail), errors };
}

const codesOfStatuses: Readonly<Record<number, ProblemCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  409: 'idempotency-key-in-use',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  422: 'idempotency-key-reused',
  429: 'rate-limited',
  501: 'not-implemented',
  502: 'bad-gateway',
  503: 'unavailable',
  504: 'gateway-timeout',
};

/** The code of an answer when only its status is known. */
export function problemCodeOf(status: number): ProblemCode {
  return codesOfStatuses[status] ?? (status >= 500 ? 'internal-error' : 'invalid-request');
}
