/**
 * Whose webhook it is, and whether its sender may speak for that connector. Segment signs a webhook with
 * `X-Signature: hex(HMAC-SHA1(secret, body))` (segment-docs `destinations/catalog/webhooks`; action-destinations
 * `destinations/webhook/index.ts`, where the body is `JSON.stringify(payload.data)`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { maxEventDepth } from '@astrolabe/segment';
import type { Connector, ConnectorDirectory } from '@astrolabe/service-kit';
import { refusedAnswer, type Answer } from './answer.ts';
import { holdsApiKey, refuseDisabled } from './authenticate.ts';
import type { RefusedRequest, RequestContent } from './parse-request.ts';

export interface WebhookRequest {
  /** As the path names it. */
  readonly connectorId: string;
  readonly headerKeys: readonly string[];
  /** The `X-Signature` header. */
  readonly signature: string | undefined;
  /** The body as it was received, inflated. */
  readonly body: Buffer;
  readonly content: RequestContent | RefusedRequest;
}

export type WebhookAuthentication =
  | {
      readonly kind: 'connector';
      readonly connector: Connector;
      /** The text that was signed, where that is not the body itself. Only this may be stored. */
      readonly signedText: string | undefined;
      /** By the API key or by the secret; not by a write key. */
      readonly isTrusted: boolean;
    }
  | { readonly kind: 'refused'; readonly answer: Answer };

/**
 * A key of the connector is enough by itself. Without one the signature has to be that of the body's bytes or, where a
 * proxy has written the JSON anew, that of the object as `JSON.stringify` writes it. A list is never taken by its
 * signature: Segment signs only the first element, so anyone who has seen one list could put anything behind that.
 *
 * Every refusal reads the same and costs the same work, whether or not the connector exists and has a secret: the answers must not tell
 * a stranger which connectors there are.
 */
export function authenticateWebhook(
  directory: Pick<ConnectorDirectory, 'byId' | 'byKey'>,
  request: WebhookRequest,
): WebhookAuthentication {
  const connector = directory.byId(request.connectorId);
  const hasKey = connector !== undefined && request.headerKeys.some((key) => directory.byKey(key)?.id === connector.id);
  const proof = proveBySignature(connector?.webhookSecret ?? NO_SECRET, request);
  const isSigned = proof.kind === 'proven' && connector?.webhookSecret !== undefined;
  if (connector === undefined || !(hasKey || isSigned)) return refused;
  if (!connector.enabled) return { kind: 'refused', answer: refuseDisabled(connector) };
  const isTrusted = !hasKey || holdsApiKey(directory, connector, request.headerKeys);
  const signedText = hasKey || proof.kind === 'unproven' ? undefined : proof.signedText;
  return { kind: 'connector', connector, signedText, isTrusted };
}

/** Takes the place of a secret that is not there, for the work alone: what it signs is refused. */
const NO_SECRET = 'no connector has this secret';

type Proof = { readonly kind: 'proven'; readonly signedText: string | undefined } | { readonly kind: 'unproven' };

function proveBySignature(secret: string, { signature, body, content }: WebhookRequest): Proof {
  if (signature === undefined || (content.kind === 'content' && content.isList)) return { kind: 'unproven' };
  if (isSignedBy(secret, body, signature)) return { kind: 'proven', signedText: undefined };
  const signedText = content.kind === 'content' ? rewrite(content) : undefined;
  const isSigned = signedText !== undefined && isSignedBy(secret, signedText, signature);
  return isSigned ? { kind: 'proven', signedText } : { kind: 'unproven' };
}

const hexDigest = /^[0-9a-f]{40}$/i;

function isSignedBy(secret: string, text: Buffer | string, signature: string): boolean {
  if (!hexDigest.test(signature)) return false;
  return timingSafeEqual(createHmac('sha1', secret).update(text).digest(), Buffer.from(signature, 'hex'));
}

/** Undefined for what nests so deep that `JSON.stringify` would run out of stack; no event may. */
function rewrite({ events: [event] }: RequestContent): string | undefined {
  return event === undefined || event.span.depth > maxEventDepth ? undefined : JSON.stringify(event.value);
}

const refused: WebhookAuthentication = {
  kind: 'refused',
  answer: refusedAnswer(
    401,
    'webhook.unauthenticated',
    "the webhook shows neither a key of the connector that its path names, as Basic or Bearer, nor in X-Signature the HMAC-SHA1 of the body under that connector's webhookSecret; check the id in the path, and that both sides have the same secret. A list of events, and a connector without a webhookSecret, need the key",
  ),
};
