/** Sets a connector up as Astrolabe's page does: a name, free email providers or not, and a key. */
import { isConnectorId, toConnectorId } from './connector-id.ts';
import { openConnectorsDocument, saveConnectorsDocument } from './connectors-document.ts';
import { appendConnector, type NewConnector } from './edit-connectors-text.ts';
import { provideKey, type KeyRequest } from './new-key.ts';

export interface AddConnectorOptions {
  readonly connectorsFile: string;
  readonly name: string;
  /** Default: derived from the name. */
  readonly id: string | undefined;
  readonly freeEmailProviders: 'allow' | 'block';
  readonly key: KeyRequest;
}

export type AddConnectorOutcome =
  | {
      readonly kind: 'added';
      readonly connector: NewConnector;
      /** To be shown once; undefined where the key is an existing one. */
      readonly generatedKey: string | undefined;
    }
  | { readonly kind: 'invalid-id'; readonly id: string }
  | { readonly kind: 'duplicate-id'; readonly id: string };

export async function addConnector(options: AddConnectorOptions): Promise<AddConnectorOutcome> {
  const { connectorsFile, name, freeEmailProviders, key } = options;
  const document = await openConnectorsDocument(connectorsFile);
  const id = options.id ?? toConnectorId(name);
  if (!isConnectorId(id)) return { kind: 'invalid-id', id };
  if (document.connectors.some((connector) => connector.id === id)) return { kind: 'duplicate-id', id };
  const { source, generated } = await provideKey(document.path, id, key);
  const connector = { id, name, apiKey: source, freeEmailProviders };
  await saveConnectorsDocument(document, appendConnector(document.text, connector));
  return { kind: 'added', connector, generatedKey: generated };
}
