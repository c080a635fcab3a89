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
  /** The file, or its folder, cannot be written here: nothing was changed, and somebody has to edit it elsewhere. */
  | { readonly kind: 'read-only'; readonly connector: NewConnector; readonly generatedKey: string | undefined }
  | { readonly kind: 'invalid-id'; readonly id: string }
  | { readonly kind: 'duplicate-id'; readonly id: string };

const NOT_WRITABLE: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

export async function addConnector(options: AddConnectorOptions): Promise<AddConnectorOutcome> {
  const { connectorsFile, name, freeEmailProviders, key } = options;
  const document = await openConnectorsDocument(connectorsFile);
  const id = options.id ?? toConnectorId(name);
  if (!isConnectorId(id)) return { kind: 'invalid-id', id };
  if (document.connectors.some((connector) => connector.id === id)) return { kind: 'duplicate-id', id };
  const { source, generated } = await provideKey(document.path, id, key);
  const connector = { id, name, apiKey: source, freeEmailProviders };
  try {
    await saveConnectorsDocument(document, appendConnector(document.text, connector));
  } catch (error) {
    if (!NOT_WRITABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { kind: 'read-only', connector, generatedKey: generated };
  }
  return { kind: 'added', connector, generatedKey: generated };
}
