/** Identifies the sender of a request by its body: by a key in it, or by its signature. */
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import type { Answer } from '../request/answer.ts';
import { refuseDisabled } from './authenticate.ts';
import { proveWebhook, refuseUnprovenWebhook } from './authenticate-webhook.ts';
import { keysInAuthorization } from './credentials.ts';
import { findWriteKey } from './find-write-key.ts';
import { knownSender, signedSender, type KnownSender, type RequestHead, type Sender } from './identify-sender.ts';

export type OpenedRequest =
  | {
      readonly kind: 'opened';
      readonly sender: KnownSender;
      /** The text to read: the body, or the text that was signed instead. */
      readonly body: Buffer;
    }
  | {
      readonly kind: 'refused';
      readonly answer: Answer;
      /** Undefined without a valid key. */
      readonly connectorId: string | undefined;
    };

/** `body` is inflated. If the sender is unknown, it is not parsed, and the answer explains nothing in it. */
export function openRequest(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  head: RequestHead,
  sender: Sender,
  body: Buffer,
): OpenedRequest {
  if (sender.kind === 'known') return { kind: 'opened', sender, body };
  if (sender.kind === 'signed') {
    const { connector, signature } = sender;
    const proof = proveWebhook({ secret: connector?.webhookSecret, signature, body });
    if (connector === undefined || proof.kind === 'unproven') {
      return { kind: 'refused', answer: refuseUnprovenWebhook(), connectorId: undefined };
    }
    if (!connector.enabled) return { kind: 'refused', answer: refuseDisabled(connector), connectorId: connector.id };
    return { kind: 'opened', sender: signedSender(connector), body: proof.body };
  }
  const keys = [findWriteKey(head.endpoint, body), ...keysInAuthorization(head.authorization)];
  const known = knownSender(directory, keys);
  return known.kind === 'refused' ? known : { kind: 'opened', sender: known, body };
}
