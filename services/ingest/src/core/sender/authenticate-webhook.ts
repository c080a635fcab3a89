/**
 * Whether a webhook comes from one who knows the connector's secret. Segment signs a webhook with `X-Signature:
 * hex(HMAC-SHA1(secret, body))` (segment-docs `destinations/catalog/webhooks`; action-destinations
 * `destinations/webhook/index.ts`, where the body is `JSON.stringify(payload.data)`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { maxDeliveredEventBytes, maxEventDepth, skipWhitespace, startOfText } from '@astrolabe/segment';
import { refusedAnswer, type Answer } from '../request/answer.ts';
import { webhookEndpoint } from '../request/endpoints.ts';
import { parseRequest } from '../request/parse-request.ts';

export interface SignedWebhook {
  /** Undefined where the connector does not exist or has none: nothing is proven then, at the same cost. */
  readonly secret: string | undefined;
  /** The `X-Signature` header. */
  readonly signature: string;
  /** The body as it was received, inflated. */
  readonly body: Buffer;
}

/** The text that was signed: the body, or the same object as `JSON.stringify` writes it. Only this may be stored. */
export type WebhookProof = { readonly kind: 'proven'; readonly body: Buffer } | { readonly kind: 'unproven' };

/**
 * The signature has to be that of the body's bytes or, where a proxy has rewritten the JSON, that of the object as
 * `JSON.stringify` writes it. A list is never taken by its signature: Segment signs only the first element, so anyone
 * who has seen one list could put anything behind that.
 */
export function proveWebhook({ secret, signature, body }: SignedWebhook): WebhookProof {
  if (body[skipWhitespace(body, startOfText(body))] === OPEN_BRACKET) return { kind: 'unproven' };
  const key = secret ?? NO_SECRET;
  const signedBody = isSignedBy(key, body, signature) ? body : rewriteSigned(key, body, signature);
  return signedBody === undefined || secret === undefined ? { kind: 'unproven' } : { kind: 'proven', body: signedBody };
}

/** Whether it could be the signature of anything. */
export function isSignature(text: string): boolean {
  return hexDigest.test(text);
}

/**
 * One answer for all that is unproven, whether or not the connector exists and has a secret: it must not tell a stranger which
 * connectors there are.
 */
export function refuseUnprovenWebhook(): Answer {
  const message =
    "the webhook shows neither a key of the connector that its path names, as Basic or Bearer, nor in X-Signature the HMAC-SHA1 of the body under that connector's webhookSecret; check the id in the path, and that both sides have the same secret. A list of events, and a connector without a webhookSecret, need the key";
  return refusedAnswer(401, 'webhook.unauthenticated', message);
}

/** Takes the place of a secret that is not there, for the work alone: what it signs is refused. */
const NO_SECRET = 'no connector has this secret';
const OPEN_BRACKET = 0x5b;
/**
 * With room for indentation. Of strangers nothing larger is parsed: only an event that is too large anyway could be in
 * it.
 */
const MAX_REWRITTEN_BYTES = 2 * maxDeliveredEventBytes;
const hexDigest = /^[0-9a-f]{40}$/i;

function isSignedBy(secret: string, text: Buffer, signature: string): boolean {
  if (!isSignature(signature)) return false;
  return timingSafeEqual(createHmac('sha1', secret).update(text).digest(), Buffer.from(signature, 'hex'));
}

/** Undefined for what nests so deep that `JSON.stringify` would run out of stack; no event may. */
function rewriteSigned(secret: string, body: Buffer, signature: string): Buffer | undefined {
  if (body.length > MAX_REWRITTEN_BYTES) return undefined;
  const content = parseRequest(webhookEndpoint, body);
  const [event] = content.kind === 'content' ? content.events : [];
  if (event === undefined || event.span.depth > maxEventDepth) return undefined;
  const text = Buffer.from(JSON.stringify(event.value));
  return isSignedBy(secret, text, signature) ? text : undefined;
}
