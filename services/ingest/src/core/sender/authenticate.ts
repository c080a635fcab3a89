/** Identifies the connector of a request by its keys. */
import type { Connector, ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { refusedAnswer, type Answer } from '../request/answer.ts';

export type Authentication =
  | {
      readonly kind: 'connector';
      readonly connector: Connector;
      /** The key that belongs to it. */
      readonly key: string;
      /**
       * The sender has proved knowledge of a secret that only the customer has. A write key is public in web pages and
       * proves nothing.
       */
      readonly isTrusted: boolean;
    }
  /** `connectorId` is that of a connector that is switched off. Undefined: no key belongs to any. */
  | { readonly kind: 'refused'; readonly answer: Answer; readonly connectorId: string | undefined };

/** The connector of the first key that belongs to one. 401 if none does, 403 if that connector is switched off. */
export function authenticate(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  keys: readonly (string | undefined)[],
): Authentication {
  for (const [index, key] of keys.entries()) {
    const connector = key === undefined ? undefined : directory.byKey(key);
    if (connector === undefined || key === undefined) continue;
    if (!connector.enabled) return { kind: 'refused', answer: refuseDisabled(connector), connectorId: connector.id };
    // Its own lookup is not repeated: each is a digest, which every request would pay for.
    const isTrusted = isApiKey(connector, key) || holdsApiKey(directory, connector, keys.slice(index + 1));
    return { kind: 'connector', connector, key, isTrusted };
  }
  const answer = keys.some((key) => key !== undefined) ? refuseUnknownKey() : refuseWithoutKey();
  return { kind: 'refused', answer, connectorId: undefined };
}

/** Whether one of the keys is the connector's API key. */
export function holdsApiKey(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  connector: Connector,
  keys: readonly (string | undefined)[],
): boolean {
  return keys.some((key) => key !== undefined && isApiKey(connector, key) && directory.byKey(key)?.id === connector.id);
}

/**
 * Whether the key is the connector's API key, if it belongs to the connector at all. Write keys are public, so
 * comparing with them need not take constant time.
 */
export function isApiKey({ writeKeys }: Connector, key: string): boolean {
  return !writeKeys.includes(key);
}

export function refuseDisabled({ id }: Connector): Answer {
  const message = `connector ${id} is switched off; switch it on in Astrolabe, then send again`;
  return refusedAnswer(403, 'connector.disabled', message);
}

function refuseUnknownKey(): Answer {
  const message = 'the key belongs to no connector; copy it again from the connector in Astrolabe';
  return refusedAnswer(401, 'event.unauthenticated', message);
}

function refuseWithoutKey(): Answer {
  const message =
    'no key was found in the Authorization header, nor in the body as far as that is JSON; send it as the user name of Basic auth or as "writeKey" in the body';
  return refusedAnswer(401, 'event.unauthenticated', message);
}
