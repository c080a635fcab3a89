import type { Refused } from '../core/http/problem.ts';

/** What Fastify throws at a request that it cannot read, by its code; anything else is a fault of ours. */
const byCode: Readonly<Record<string, Refused>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'console.media-type',
    message: 'the body is not JSON by its Content-Type; send it as application/json',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'console.body-too-large',
    message: 'the body is larger than the console takes, which is 8 MiB; send less, or use the command line',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'console.request-invalid',
    message: 'the body is empty, but its Content-Type says JSON; send a JSON document, or no Content-Type',
  },
};

const unreadable: Refused = {
  status: 400,
  code: 'console.request-invalid',
  message: 'the request cannot be read: its body is not the JSON document that its headers announce; correct it',
};

const fault: Refused = {
  status: 500,
  code: 'console.internal',
  message: "the console failed for a reason that is not in the request; its log has the cause under this answer's id",
};

export function refuseFault(error: unknown): Refused {
  if (typeof error !== 'object' || error === null) return fault;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? byCode[code] : undefined;
  return known ?? (statusCode === 400 ? unreadable : fault);
}
