/** Errors of the API, as RFC 9457 problems: `detail` says what happened, why, and what to do. */
export interface Problem {
  readonly type: 'about:blank';
  /** The status in HTTP's words. */
  readonly title: string;
  readonly status: number;
  /** Of docs/errors.md. */
  readonly code: string;
  readonly detail: string;
  /** Under which the console's log has more. */
  readonly requestId: string;
}

/** A refusal with any status; `retryAfterSeconds` becomes the header of that name. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function toProblem({ status, code, message }: Refused, requestId: string): Problem {
  const title = titles[status] ?? 'Error';
  return { type: 'about:blank', title, status, code, detail: message, requestId };
}
