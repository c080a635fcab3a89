/** Whose request it is, by the keys in it. */
import type { Connector, ConnectorDirectory } from '@astrolabe/service-kit';
import { refusedAnswer, type Answer } from './answer.ts';

export type Authentication =
  | {
      readonly kind: 'connector';
      readonly connector: Connector;
      /** The sender has shown something that only the customer knows; a write key, which stands in web pages, shows nothing. */
      readonly isTrusted: boolean;
    }
  | { readonly kind: 'refused'; readonly answer: Answer };

/**
 * The connector of the first key that belongs to one: with OAuth the header holds another server's token and the key is in
 * the body. 401 where none does, 403 where that connector is switched off.
 */
export function authenticate(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  keys: readonly (string | undefined)[],
): Authentication {
  for (const key of keys) {
    const connector = key === undefined ? undefined : directory.byKey(key);
    if (connector?.enabled) return { kind: 'connector', connector, isTrusted: holdsApiKey(directory, connector, keys) };
    if (connector !== undefined) return { kind: 'refused', answer: refuseDisabled(connector) };
  }
  const message = keys.some((key) => key !== undefined)
    ? 'the key belongs to no connector; copy it again from the connector in Astrolabe'
    : 'the request carries no key; send it as the user name of Basic auth or as "writeKey" in the body';
  return { kind: 'refused', answer: refusedAnswer(401, 'event.unauthenticated', message) };
}

/** Whether one of the keys is the connector's and none of its write keys: comparing with those, which are public, tells nothing by its time. */
export function holdsApiKey(
  directory: Pick<ConnectorDirectory, 'byKey'>,
  { id, writeKeys }: Connector,
  keys: readonly (string | undefined)[],
): boolean {
  return keys.some((key) => key !== undefined && !writeKeys.includes(key) && directory.byKey(key)?.id === id);
}

export function refuseDisabled({ id }: Connector): Answer {
  const message = `connector ${id} is switched off; switch it on in Astrolabe, then send again`;
  return refusedAnswer(403, 'connector.disabled', message);
}
