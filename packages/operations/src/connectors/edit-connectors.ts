/** The connectors of the file, and their toggle. */
import type { Environment, KeySource } from '@astrolabe/service-kit';
import type { DeliverySettings, RateLimit } from '@astrolabe/service-kit/connectors';
import {
  findConnector,
  openConnectorsDocument,
  resolveKey,
  saveConnectorsDocument,
  type ResolvedKey,
  type UnknownConnector,
} from './connectors-document.ts';
import { setMember } from './edit-connectors-text.ts';

export interface ListedConnector {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly freeEmailProviders: 'allow' | 'block';
  readonly apiKeySource: KeySource;
  readonly apiKey: ResolvedKey;
  readonly writeKeys: readonly ResolvedKey[];
  readonly hasWebhookSecret: boolean;
  readonly allowedEmailDomains?: readonly string[] | undefined;
  readonly deniedEmailDomains?: readonly string[] | undefined;
  /** Where it has limits of its own. */
  readonly rateLimit?: RateLimit | undefined;
  readonly delivery?: DeliverySettings | undefined;
}

/** `variables`: those that key references may name. */
export async function listConnectors(
  connectorsFile: string,
  variables: Environment,
): Promise<readonly ListedConnector[]> {
  const { path, connectors } = await openConnectorsDocument(connectorsFile);
  return Promise.all(
    connectors.map(async ({ apiKey, writeKeys, webhookSecret, ...settings }) => ({
      ...settings,
      apiKeySource: apiKey,
      apiKey: await resolveKey(path, apiKey, variables),
      writeKeys: await Promise.all(writeKeys.map((source) => resolveKey(path, source, variables))),
      hasWebhookSecret: webhookSecret !== undefined,
    })),
  );
}

/** `changed`: false where it was so already. */
export async function setConnectorEnabled(
  connectorsFile: string,
  id: string,
  enabled: boolean,
): Promise<{ readonly kind: 'set'; readonly changed: boolean } | UnknownConnector> {
  const document = await openConnectorsDocument(connectorsFile);
  const found = findConnector(document, id);
  if (found.kind !== 'found') return found;
  const changed = found.connector.enabled !== enabled;
  if (changed) await saveConnectorsDocument(document, setMember(found.text, found.index, 'enabled', enabled));
  return { kind: 'set', changed };
}

export interface ConnectorEdit {
  readonly name?: string;
  readonly freeEmailProviders?: 'allow' | 'block';
}

export interface EditedConnector {
  readonly kind: 'edited';
  /** False where it was so already. */
  readonly changed: boolean;
}

/** Its id and its keys stay as they are. */
export async function editConnector(
  connectorsFile: string,
  id: string,
  edit: ConnectorEdit,
): Promise<EditedConnector | UnknownConnector> {
  const document = await openConnectorsDocument(connectorsFile);
  const found = findConnector(document, id);
  if (found.kind !== 'found') return found;
  let { text } = found;
  for (const name of ['name', 'freeEmailProviders'] as const) {
    const value = edit[name];
    if (value !== undefined && value !== found.connector[name]) text = setMember(text, found.index, name, value);
  }
  const changed = text !== found.text;
  if (changed) await saveConnectorsDocument(document, text);
  return { kind: 'edited', changed };
}
