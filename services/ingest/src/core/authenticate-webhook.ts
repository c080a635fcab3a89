/**
 * Whether a webhook comes from whoever knows the connector's secret. Segment signs a webhook with `X-Signature:
 * hex(HMAC-SHA1(secret, body))` (segment-docs `destinations/catalog/webhooks`; action-destinations
 * `destinations/webhook/index.ts`, where the body is `JSON.stringify(payload.data)`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { maxDeliveredEventBytes, maxEventDepth, skipWhitespace, startOfText } from '@astrolabe/segment';
import { refusedAnswer, type Answer } from './answer.ts';
import { webhookEndpoint } from './endpoints.ts';
import { parseRequest } from './parse-request.ts';

export interface SignedWebhook {
  readonly secret: string;
  /** The `X-Signature` header. */
  readonly signature: string;
  /** The body as it was received, inflated. */
  readonly body: Buffer;
}

export type WebhookProof =
  /** `body` is the text that was signed. Only this may be stored. */
  { readonly kind: 'proven'; readonly body: Buffer } | { readonly kind: 'refused'; readonly answer: Answer };

/**
 * The signature has to be that of the body's bytes or, where a proxy has written the JSON anew, that of the object as
 * `JSON.stringify` writes it. A list is never taken by its signature: Segment signs only the first element, so anyone
 * who has seen one list could put anything behind that.
 */
export function proveWebhook({ secret, signature, body }: SignedWebhook): WebhookProof {
  if (body[skipWhitespace(body, startOfText(body))] === OPEN_BRACKET) {
    return refuse('the signature of a list covers only its first event; send the key as Basic or Bearer with it');
  }
  if (isSignedBy(secret, body, signature)) return { kind: 'proven', body };
  const signedText = rewrite(body);
  if (signedText !== undefined && isSignedBy(secret, signedText, signature)) {
    return { kind: 'proven', body: Buffer.from(signedText) };
  }
  return refuse('X-Signature is not the HMAC-SHA1 of the body under the webhookSecret; compare the two secrets');
}

const OPEN_BRACKET = 0x5b;
/**
 * With room for indentation. Of strangers nothing larger is parsed: only an event that is too large anyway could be in
 * it.
 */
const MAX_REWRITTEN_BYTES = 2 * maxDeliveredEventBytes;
const hexDigest = /^[0-9a-f]{40}$/i;

function isSignedBy(secret: string, text: Buffer | string, signature: string): boolean {
  if (!hexDigest.test(signature)) return false;
  return timingSafeEqual(createHmac('sha1', secret).update(text).digest(), Buffer.from(signature, 'hex'));
}

/** Undefined for what nests so deep that `JSON.stringify` would run out of stack; no event may. */
function rewrite(body: Buffer): string | undefined {
  if (body.length > MAX_REWRITTEN_BYTES) return undefined;
  const content = parseRequest(webhookEndpoint, body);
  const [event] = content.kind === 'content' ? content.events : [];
  return event === undefined || event.span.depth > maxEventDepth ? undefined : JSON.stringify(event.value);
}

function refuse(reason: string): WebhookProof {
  return { kind: 'refused', answer: refusedAnswer(401, 'webhook.unauthenticated', reason) };
}
