/** Identifies the sender of a request as far as its headers can, before a byte of its body is read. */
import type { Connector, ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import type { Answer } from '../request/answer.ts';
import { authenticate, isApiKey, refuseDisabled } from './authenticate.ts';
import { isSignature, refuseUnprovenWebhook } from './authenticate-webhook.ts';
import { isBasic, keysInAuthorization } from './credentials.ts';
import type { Endpoint } from '../request/endpoints.ts';

export interface RequestHead {
  readonly endpoint: Endpoint;
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** For a webhook: the connector in its path, and its `X-Signature`. */
  readonly webhook: { readonly connectorId: string; readonly signature: string | undefined } | undefined;
}

/** A sender whose connector is known. */
export interface KnownSender {
  readonly kind: 'known';
  readonly connector: Connector;
  /**
   * Which of the connector's limits is its own: one for each write key, and one for the API key and signed webhooks.
   */
  readonly share: string;
  /**
   * The sender has proved knowledge of a secret that only the customer has. A write key is public in web pages and
   * proves nothing.
   */
  readonly isTrusted: boolean;
}

export type Sender =
  | KnownSender
  /**
   * Claims to be Segment and to act for a connector (undefined if the id is unknown); its signature must be compared
   * with the body. An unknown connector is not refused before that: an answer before the body, or one about a body's
   * size or encoding, would tell which connectors exist.
   */
  | { readonly kind: 'signed'; readonly connector: Connector | undefined; readonly signature: string }
  /** Its key may be in the body. */
  | { readonly kind: 'unknown' };

export type IdentifiedSender =
  Sender | { readonly kind: 'refused'; readonly answer: Answer; readonly connectorId: string | undefined };

/** Share of the senders who proved to be the customer. */
const SERVER_SHARE = 'server';

/**
 * A connector's key in the header decides, and the body's key no longer counts: a customer's proxy adds the header, and
 * its end users write the body. By Segment's contract a Basic user name is the key, so one that belongs to no connector
 * is refused. A Bearer token may come from an OAuth server; then the key is in the body.
 */
export function identifySender(
  directory: Pick<ConnectorDirectory, 'byId' | 'byKey'>,
  head: RequestHead,
): IdentifiedSender {
  const { endpoint, authorization, webhook } = head;
  const keys = keysInAuthorization(authorization);
  if (webhook !== undefined) return identifyWebhook(directory, keys, webhook);
  const found = knownSender(directory, keys);
  const isFound = found.kind === 'known' || found.connectorId !== undefined;
  if (isFound || endpoint.kind === 'partner') return found;
  return keys.length > 0 && isBasic(authorization) ? found : { kind: 'unknown' };
}

/** The sender of the first key that belongs to a connector, or the refusal if none does. */
export function knownSender(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  keys: readonly (string | undefined)[],
): KnownSender | Extract<IdentifiedSender, { kind: 'refused' }> {
  const authentication = authenticate(directory, keys);
  if (authentication.kind === 'refused') return refuse(authentication.answer, authentication.connectorId);
  const { connector, key, isTrusted } = authentication;
  return { kind: 'known', connector, share: shareOf(connector, key), isTrusted };
}

/** Treated as if it had the API key. */
export function signedSender(connector: Connector): KnownSender {
  return { kind: 'known', connector, share: SERVER_SHARE, isTrusted: true };
}

/** Half for the customer's own servers, and the other half for all write keys together. */
export function sharesOf({ writeKeys }: Connector): ReadonlyMap<string, number> {
  if (writeKeys.length === 0) return ONLY_SHARE;
  const ofWriteKey = 0.5 / writeKeys.length;
  return new Map([
    [SERVER_SHARE, 0.5],
    ...writeKeys.map((key): [string, number] => [`${WRITE_KEY}${key}`, ofWriteKey]),
  ]);
}

const ONLY_SHARE: ReadonlyMap<string, number> = new Map([[SERVER_SHARE, 1]]);
const WRITE_KEY = 'write key ';

/** `key` belongs to the connector. */
function shareOf(connector: Connector, key: string): string {
  return isApiKey(connector, key) ? SERVER_SHARE : `${WRITE_KEY}${key}`;
}

function identifyWebhook(
  directory: Pick<ConnectorDirectory, 'byId' | 'byKey'>,
  keys: readonly string[],
  { connectorId, signature }: NonNullable<RequestHead['webhook']>,
): IdentifiedSender {
  const connector = directory.byId(connectorId);
  const key = keys.find((each) => connector !== undefined && directory.byKey(each)?.id === connector.id);
  if (connector !== undefined && key !== undefined) {
    if (!connector.enabled) return refuse(refuseDisabled(connector), connector.id);
    const share = shareOf(connector, key);
    return { kind: 'known', connector, share, isTrusted: share === SERVER_SHARE };
  }
  if (signature === undefined || !isSignature(signature)) return refuse(refuseUnprovenWebhook());
  return { kind: 'signed', connector, signature };
}

function refuse(answer: Answer, connectorId?: string): Extract<IdentifiedSender, { kind: 'refused' }> {
  return { kind: 'refused', answer, connectorId };
}
