/** What a fault is for the one who asked. */
import { hideUrlCredentials } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { Refused } from '../core/http/problem.ts';

/** What Fastify throws at a request that it cannot read, by its code. */
const byCode: Readonly<Record<string, Refused>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'console.media-type',
    message: 'the body is not JSON by its Content-Type; send it as application/json',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'console.body-too-large',
    message: 'the body is larger than this path takes; send less, or use the command line',
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

export const stoppingRefusal: Refused = {
  status: 503,
  code: 'console.stopping',
  message: 'the console is stopping, so nothing was done; ask again in a moment',
  retryAfterSeconds: 5,
};

/**
 * A request that cannot be read is refused. Brokers, registry and the like that cannot be reached are named with the
 * message of their own code, for the panel that asked. Anything else is a fault of ours, whose words are for the log.
 */
export function refuseFault(error: unknown): Refused {
  if (isPipelineError(error) && /^(kafka|registry|config|connectors|audit)\./.test(error.code)) {
    return { status: 503, code: error.code, message: hideUrlCredentials(error.message), retryAfterSeconds: 5 };
  }
  if (typeof error !== 'object' || error === null) return fault;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? byCode[code] : undefined;
  return known ?? (statusCode === 400 ? unreadable : fault);
}

/** Whether the one who asked can do something about it, so that it is nothing for the log. */
export function isOfRequest({ status }: Refused): boolean {
  return status < 500;
}
