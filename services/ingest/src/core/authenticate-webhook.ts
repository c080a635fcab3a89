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
 * signature: Segment signs only the first element, so whoever has seen one list could put anything behind that.
 */
export function authenticateWebhook(
  directory: Pick<ConnectorDirectory, 'byId' | 'byKey'>,
  request: WebhookRequest,
): WebhookAuthentication {
  const connector = directory.byId(request.connectorId);
  if (connector === undefined)
    return refuse('the path names no connector; copy its id from the connector in Astrolabe');
  const hasKey = request.headerKeys.some((key) => directory.byKey(key)?.id === connector.id);
  const proof: Proof = hasKey ? { kind: 'proven', signedText: undefined } : proveBySignature(connector, request);
  if (proof.kind === 'unproven') return refuse(proof.reason);
  if (!connector.enabled) return { kind: 'refused', answer: refuseDisabled(connector) };
  const isTrusted = !hasKey || holdsApiKey(directory, connector, request.headerKeys);
  return { kind: 'connector', connector, signedText: proof.signedText, isTrusted };
}

type Proof =
  | { readonly kind: 'proven'; readonly signedText: string | undefined }
  | { readonly kind: 'unproven'; readonly reason: string };

function proveBySignature(connector: Connector, { signature, body, content, headerKeys }: WebhookRequest): Proof {
  const { webhookSecret } = connector;
  if (signature === undefined) {
    const found = headerKeys.length > 0 ? 'the key is not one of this connector' : 'the request carries no key';
    return unproven(
      `${found} and no X-Signature; set the shared secret in Segment, or send the key as Basic or Bearer`,
    );
  }
  if (webhookSecret === undefined) {
    return unproven(
      `connector ${connector.id} has no webhookSecret to check X-Signature with; set one, or send the key as Basic or Bearer`,
    );
  }
  if (content.kind === 'content' && content.isList) {
    return unproven('the signature of a list covers only its first event; send the key as Basic or Bearer with it');
  }
  if (isSignedBy(webhookSecret, body, signature)) return { kind: 'proven', signedText: undefined };
  const signedText = content.kind === 'content' ? rewrite(content) : undefined;
  if (signedText !== undefined && isSignedBy(webhookSecret, signedText, signature)) {
    return { kind: 'proven', signedText };
  }
  return unproven('X-Signature is not the HMAC-SHA1 of the body under the webhookSecret; compare the two secrets');
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

function unproven(reason: string): Proof {
  return { kind: 'unproven', reason };
}

function refuse(reason: string): WebhookAuthentication {
  return { kind: 'refused', answer: refusedAnswer(401, 'webhook.unauthenticated', reason) };
}
