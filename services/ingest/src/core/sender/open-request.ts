/** Identifies the sender of a request by its body: by a key in it, or by its signature. */
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { defect } from '@astrolabe/service-kit/errors';
import type { Answer } from '../request/answer.ts';
import type { Endpoint } from '../request/endpoints.ts';
import { refuseDisabled } from './authenticate.ts';
import { proveWebhook, refuseUnprovenWebhook } from './authenticate-webhook.ts';
import { keysInAuthorization } from './credentials.ts';
import { findWriteKey } from './find-write-key.ts';
import { knownSender, signedSender, type KnownSender, type RequestHead, type Sender } from './identify-sender.ts';

/** What a body is asked about its sender. Plain data, so that another thread can be asked. */
export type SenderQuestion =
  | { readonly kind: 'write-key' }
  /** `secret` undefined: as in `SignedWebhook`. */
  | { readonly kind: 'signature'; readonly secret: string | undefined; readonly signature: string };

export type SenderEvidence =
  | { readonly kind: 'write-key'; readonly key: string | undefined }
  | { readonly kind: 'signature'; readonly isProven: boolean };

export interface AskedBody {
  readonly evidence: SenderEvidence;
  /** The text to read: the body, or the text that was signed instead. */
  readonly body: Buffer;
}

export type OpenedRequest =
  | { readonly kind: 'opened'; readonly sender: KnownSender }
  | {
      readonly kind: 'refused';
      readonly answer: Answer;
      /** Undefined without a valid key. */
      readonly connectorId: string | undefined;
    };

export function questionFor(sender: Exclude<Sender, KnownSender>): SenderQuestion {
  if (sender.kind === 'unknown') return { kind: 'write-key' };
  return { kind: 'signature', secret: sender.connector?.webhookSecret, signature: sender.signature };
}

/** `body` is inflated. It is not parsed to find a write key. Never throws. */
export function askBody(endpoint: Endpoint, question: SenderQuestion, body: Buffer): AskedBody {
  if (question.kind === 'write-key') {
    return { evidence: { kind: 'write-key', key: findWriteKey(endpoint, body) }, body };
  }
  const proof = proveWebhook({ ...question, body });
  const isProven = proof.kind === 'proven';
  return { evidence: { kind: 'signature', isProven }, body: isProven ? proof.body : body };
}

/** If the sender remains unknown, the answer explains nothing in the body. */
export function openRequest(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  head: RequestHead,
  sender: Exclude<Sender, KnownSender>,
  evidence: SenderEvidence,
): OpenedRequest {
  if (sender.kind === 'signed') {
    const { connector } = sender;
    if (evidence.kind !== 'signature') throw defect('the evidence is not that of a signature');
    if (connector === undefined || !evidence.isProven) {
      return { kind: 'refused', answer: refuseUnprovenWebhook(), connectorId: undefined };
    }
    if (!connector.enabled) return { kind: 'refused', answer: refuseDisabled(connector), connectorId: connector.id };
    return { kind: 'opened', sender: signedSender(connector) };
  }
  if (evidence.kind !== 'write-key') throw defect('the evidence is not that of a write key');
  const known = knownSender(directory, [evidence.key, ...keysInAuthorization(head.authorization)]);
  return known.kind === 'refused' ? known : { kind: 'opened', sender: known };
}
