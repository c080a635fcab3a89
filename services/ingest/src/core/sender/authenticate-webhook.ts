/**
 * Whether the sender of a webhook knows the connector's secret. Segment signs a webhook with `X-Signature:
 * hex(HMAC-SHA1(secret, body))` (segment-docs `destinations/catalog/webhooks`; action-destinations
 * `destinations/webhook/index.ts`, where the body is `JSON.stringify(payload.data)`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { maxDeliveredEventBytes, maxEventDepth, skipWhitespace, startOfText } from '@astrolabe/segment';
import { refusedAnswer, type Answer } from '../request/answer.ts';
import { webhookEndpoint } from '../request/endpoints.ts';
import { parseRequest } from '../request/parse-request.ts';

export interface SignedWebhook {
  /** Undefined if the connector does not exist or has no secret: then the check takes the same time and fails. */
  readonly secret: string | undefined;
  /** The `X-Signature` header. */
  readonly signature: string;
  /** The body as it was received, inflated. */
  readonly body: Buffer;
}

/** The text that was signed: the body, or the same object as `JSON.stringify` writes it. Only this may be stored. */
export type WebhookProof = { readonly kind: 'proven'; readonly body: Buffer } | { readonly kind: 'unproven' };

/**
 * The signature must be that of the body's bytes or, if a proxy has rewritten the JSON, that of the object as
 * `JSON.stringify` writes it. A list is never accepted by its signature: Segment signs only the first element, so
 * anybody who has seen one list could put anything after that.
 */
export function proveWebhook({ secret, signature, body }: SignedWebhook): WebhookProof {
  if (body[skipWhitespace(body, startOfText(body))] === OPEN_BRACKET) return { kind: 'unproven' };
  const key = secret ?? NO_SECRET;
  const signedBody = isSignedBy(key, body, signature) ? body : rewriteSigned(key, body, signature);
  return signedBody === undefined || secret === undefined ? { kind: 'unproven' } : { kind: 'proven', body: signedBody };
}

/** Whether it has the form of a signature. */
export function isSignature(text: string): boolean {
  return hexDigest.test(text);
}

/**
 * One answer for every failed check, whether or not the connector exists and has a secret: it must not tell a stranger
 * which connectors exist.
 */
export function refuseUnprovenWebhook(): Answer {
  const message =
    "the webhook shows neither a key of the connector that its path names, as Basic or Bearer, nor in X-Signature the HMAC-SHA1 of the body under that connector's webhookSecret; check the id in the path, and that both sides have the same secret. A list of events, and a connector without a webhookSecret, need the key";
  return refusedAnswer(401, 'webhook.unauthenticated', message);
}

/** Stands in for a missing secret, so that the work is the same. What it signs is refused. */
const NO_SECRET = 'no connector has this secret';
const OPEN_BRACKET = 0x5b;
/**
 * Includes room for indentation. Nothing larger is parsed for unknown senders: it could only hold an event that is too
 * large anyway.
 */
const MAX_REWRITTEN_BYTES = 2 * maxDeliveredEventBytes;
const hexDigest = /^[0-9a-f]{40}$/i;

function isSignedBy(secret: string, text: Buffer, signature: string): boolean {
  if (!isSignature(signature)) return false;
  return timingSafeEqual(createHmac('sha1', secret).update(text).digest(), Buffer.from(signature, 'hex'));
}

/** Undefined if it nests so deep that `JSON.stringify` would overflow the stack, deeper than an event may. */
function rewriteSigned(secret: string, body: Buffer, signature: string): Buffer | undefined {
  if (body.length > MAX_REWRITTEN_BYTES) return undefined;
  const content = parseRequest(webhookEndpoint, body);
  const [event] = content.kind === 'content' ? content.events : [];
  if (event === undefined || event.span.depth > maxEventDepth) return undefined;
  const text = Buffer.from(JSON.stringify(event.value));
  return isSignedBy(secret, text, signature) ? text : undefined;
}
