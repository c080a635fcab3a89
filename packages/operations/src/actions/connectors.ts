/** Changes of the connectors file, audited. Keys are told by their fingerprints, or by where they are. */
import type { KeySource } from '@astrolabe/service-kit';
import type { AuditDetails } from '../audit/core/audit-record.ts';
import { addConnector, type AddConnectorOptions, type AddConnectorOutcome } from '../connectors/add-connector.ts';
import {
  findConnector,
  fingerprintOf,
  openConnectorsDocument,
  type UnknownConnector,
} from '../connectors/connectors-document.ts';
import {
  editConnector,
  setConnectorEnabled,
  type ConnectorEdit,
  type EditedConnector,
} from '../connectors/edit-connectors.ts';
import type { KeyRequest } from '../connectors/new-key.ts';
import {
  nameOfSource,
  retireKey,
  rotateKey,
  type OpenConnectorOutcome,
  type RotateKeyOptions,
  type RotateKeyOutcome,
} from '../connectors/rotate-key.ts';
import { refused, type Auditor } from './auditor.ts';

type OpenedConnector = Extract<OpenConnectorOutcome, { kind: 'opened' }>;

export function auditedConnectorAdd(auditor: Auditor, options: AddConnectorOptions): Promise<AddConnectorOutcome> {
  const { name, id, freeEmailProviders, key } = options;
  return auditor(
    {
      action: 'add-connector',
      about: `connector ${id ?? name}`,
      request: { name, id, freeEmailProviders, key: nameOfRequest(key) },
    },
    () => addConnector(options),
    (outcome) => {
      switch (outcome.kind) {
        case 'added': {
          const { apiKey, ...connector } = outcome.connector;
          return { kind: 'done', after: { ...connector, apiKey: describeKey(apiKey, outcome.generatedKey) } };
        }
        case 'read-only':
          return refused('the connectors file cannot be written here; somebody has to put the connector into it');
        case 'invalid-id':
          return refused(`"${outcome.id}" is not a valid id`);
        case 'duplicate-id':
          return refused(`there is a connector "${outcome.id}" already`);
      }
    },
  );
}

export async function auditedConnectorToggle(
  auditor: Auditor,
  connectorsFile: string,
  id: string,
  enabled: boolean,
): Promise<{ readonly kind: 'set'; readonly changed: boolean } | UnknownConnector> {
  const found = findConnector(await openConnectorsDocument(connectorsFile), id);
  if (found.kind !== 'found') return found;
  return auditor(
    { action: 'enable-connector', about: `connector ${id}`, before: { enabled: found.connector.enabled } },
    () => setConnectorEnabled(connectorsFile, id, enabled),
    (set) => (set.kind === 'set' ? { kind: 'done', after: { enabled } } : gone),
  );
}

export async function auditedConnectorEdit(
  auditor: Auditor,
  connectorsFile: string,
  id: string,
  edit: ConnectorEdit,
): Promise<EditedConnector | UnknownConnector> {
  const found = findConnector(await openConnectorsDocument(connectorsFile), id);
  if (found.kind !== 'found') return found;
  const { name, freeEmailProviders } = found.connector;
  const before = { name, freeEmailProviders };
  return auditor(
    { action: 'edit-connector', about: `connector ${id}`, before },
    () => editConnector(connectorsFile, id, edit),
    (edited) => (edited.kind === 'edited' ? { kind: 'done', after: { ...before, ...edit } } : gone),
  );
}

const gone = refused('the connector is no longer in the file');

export function auditedKeyRotation(auditor: Auditor, options: RotateKeyOptions): Promise<RotateKeyOutcome> {
  const { connector } = options.opened.found;
  return auditor(
    {
      action: 'rotate-key',
      about: `connector ${connector.id}`,
      request: { key: nameOfRequest(options.key) },
      before: { apiKey: describeKey(connector.apiKey), writeKeys: connector.writeKeys.map((key) => describeKey(key)) },
    },
    () => rotateKey(options),
    (rotated) => {
      switch (rotated.kind) {
        case 'rotated': {
          const { generatedKey, oldKey } = rotated;
          const apiKey = generatedKey === undefined ? nameOfRequest(options.key) : fingerprintOf(generatedKey);
          return { kind: 'done', after: { apiKey, stillAccepted: oldKey } };
        }
        case 'same-source':
          return refused('the present key comes from there already');
        case 'key-refused':
          return refused(`Astrolabe does not accept the new key (${rotated.check.status})`);
      }
    },
  );
}

/** `name`: of the key, as the operator gave it: a fingerprint, or where it is. */
export function auditedKeyRetirement(
  auditor: Auditor,
  opened: OpenedConnector,
  { place, name }: { readonly place: number; readonly name: string },
): Promise<void> {
  const { connector } = opened.found;
  const keysOf = (keys: readonly KeySource[]): AuditDetails => ({ writeKeys: keys.map((key) => describeKey(key)) });
  return auditor(
    {
      action: 'retire-key',
      about: `connector ${connector.id}`,
      request: { key: name },
      before: keysOf(connector.writeKeys),
    },
    () => retireKey(opened, place),
    () => ({ kind: 'done', after: keysOf(connector.writeKeys.toSpliced(place, 1)) }),
  );
}

/** Never the key itself. `key`: where it is known, because it was just made. */
function describeKey(source: KeySource, key?: string): string {
  if (typeof source === 'string') return fingerprintOf(source);
  return key === undefined ? nameOfSource(source) : `${nameOfSource(source)} (${fingerprintOf(key)})`;
}

function nameOfRequest(request: KeyRequest): string {
  switch (request.kind) {
    case 'generate':
      return 'a new one';
    case 'env':
      return `$${request.name}`;
    case 'file':
      return request.path;
  }
}
