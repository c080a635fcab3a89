/** Headers of every answer. The API's answers are data: nothing in them may run, load or be framed. */
import type { FastifyReply } from 'fastify';

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
} as const;

const apiPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** For the API, and for whatever no page is made of. Pages replace the policy with their own. */
export function setSecurityHeaders(reply: FastifyReply, isHttps: boolean): void {
  reply.headers(everywhere);
  reply.header('content-security-policy', apiPolicy);
  reply.header('cache-control', 'no-store');
  if (isHttps) reply.header('strict-transport-security', 'max-age=31536000');
}
