/** A request → whose it is and what events it holds, or the answer that refuses it whole. */
import type { Connector, ConnectorDirectory, ErrorCode } from '@astrolabe/service-kit';
import { refusedAnswer, type Answer } from './answer.ts';
import { authenticate, type Authentication } from './authenticate.ts';
import { authenticateWebhook } from './authenticate-webhook.ts';
import { keysInAuthorization } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { parseRequest, type RequestContent } from './parse-request.ts';

export interface ClosedRequest {
  readonly endpoint: Endpoint;
  /** Inflated. */
  readonly body: Buffer;
  readonly authorization: string | undefined;
  /** Of a webhook: the connector that its path names, and its `X-Signature`. */
  readonly webhook: { readonly connectorId: string; readonly signature: string | undefined } | undefined;
}

export type OpenedRequest =
  | {
      readonly kind: 'opened';
      readonly connector: Connector;
      /** As of `Authentication`. */
      readonly isTrusted: boolean;
      readonly content: RequestContent;
    }
  | {
      readonly kind: 'refused';
      readonly answer: Answer;
      /** What is wrong with the body. Undefined where it was the key that was refused. */
      readonly bodyFault: ErrorCode | undefined;
      /** Undefined where no valid key tells. */
      readonly connectorId: string | undefined;
    };

export function openRequest(
  directory: Pick<ConnectorDirectory, 'byId' | 'byKey'>,
  { endpoint, body, authorization, webhook }: ClosedRequest,
): OpenedRequest {
  const headerKeys = keysInAuthorization(authorization);
  // The partner endpoint has its key in the header; on the Tracking API it may be in the body, so the body comes first.
  const early = endpoint.kind === 'partner' ? authenticate(directory, headerKeys) : undefined;
  if (early?.kind === 'refused') return refuse(early.answer);
  let content = parseRequest(endpoint, body);
  let authentication: Authentication | undefined = early;
  if (webhook !== undefined) {
    const authenticated = authenticateWebhook(directory, { ...webhook, headerKeys, body, content });
    if (authenticated.kind === 'connector' && authenticated.signedText !== undefined) {
      content = parseRequest(endpoint, Buffer.from(authenticated.signedText));
    }
    authentication = authenticated;
  }
  if (authentication?.kind === 'refused') return refuse(authentication.answer);
  if (content.kind === 'refused') {
    const sender = authentication?.connector ?? headerKeys.map((key) => directory.byKey(key)).find(Boolean);
    return {
      kind: 'refused',
      answer: refusedAnswer(400, content.code, content.message),
      bodyFault: content.code,
      connectorId: sender?.id,
    };
  }
  authentication ??= authenticate(directory, [content.writeKey, ...headerKeys]);
  return authentication.kind === 'refused'
    ? refuse(authentication.answer)
    : { kind: 'opened', connector: authentication.connector, isTrusted: authentication.isTrusted, content };
}

function refuse(answer: Answer): OpenedRequest {
  return { kind: 'refused', answer, bodyFault: undefined, connectorId: undefined };
}
