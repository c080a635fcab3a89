/**
 * Gives a connector another key without a moment in which events are refused. Two sides hold the key, Segment's
 * settings and Astrolabe, and they cannot be changed at the same time. So first the new key becomes the API key, which
 * the dispatcher calls Astrolabe with, and the old one is kept among the write keys, which ingest accepts; then Segment
 * is given the new one; then the old one is retired.
 */
import type { Environment, KeySource } from '@astrolabe/service-kit';
import { checkKey, type ApiAddress, type KeyCheck } from './check-keys.ts';
import {
  findConnector,
  openConnectorsDocument,
  resolveKey,
  saveConnectorsDocument,
  type ConnectorsDocument,
  type FoundConnector,
  type ResolvedKey,
  type UnknownConnector,
} from './connectors-document.ts';
import { changeWriteKeys, setMember } from './edit-connectors-text.ts';
import { provideKey, type KeyRequest } from './new-key.ts';

/** A connector as it was when the rotation was asked for; saving fails if the file has changed since. */
interface OpenedConnector {
  readonly document: ConnectorsDocument;
  readonly found: FoundConnector;
}

export type OpenConnectorOutcome = ({ readonly kind: 'opened' } & OpenedConnector) | UnknownConnector;

/** The first step of a rotation or of a retirement, before anybody is asked to confirm. */
export async function openConnector(connectorsFile: string, id: string): Promise<OpenConnectorOutcome> {
  const document = await openConnectorsDocument(connectorsFile);
  const found = findConnector(document, id);
  return found.kind === 'found' ? { kind: 'opened', document, found } : found;
}

export interface RotateKeyOptions {
  readonly opened: OpenedConnector;
  readonly key: KeyRequest;
  /** The variables that key references may name. */
  readonly variables: Environment;
  /** Where a key that exists already is checked before anything depends on it; undefined: it is not. */
  readonly api: ApiAddress | undefined;
  readonly signal: AbortSignal;
}

export type RotateKeyOutcome =
  | {
      readonly kind: 'rotated';
      /** To be shown once; undefined where the new key is an existing one. */
      readonly generatedKey: string | undefined;
      /** Names the old key, which senders may still use, when it is retired: a fingerprint, or where it is. */
      readonly oldKey: string;
    }
  /** The new key would come from where the present one comes from. */
  | { readonly kind: 'same-source'; readonly source: KeySource }
  /** Astrolabe does not accept the new key. Nothing was changed. */
  | { readonly kind: 'key-refused'; readonly check: Extract<KeyCheck, { kind: 'refused' }> };

export async function rotateKey(options: RotateKeyOptions): Promise<RotateKeyOutcome> {
  const { key, variables, api, signal } = options;
  const { document, found } = options.opened;
  const { text, index, connector } = found;
  const oldKey = await resolveKey(document.path, connector.apiKey, variables);
  const { source, generated } = await provideKey(document.path, connector.id, key);
  if (JSON.stringify(source) === JSON.stringify(connector.apiKey)) return { kind: 'same-source', source };
  // A key issued by Astrolabe is tried before anything depends on it. One made here cannot be known there yet.
  const newKey = await resolveKey(document.path, source, variables);
  if (generated === undefined && newKey.kind === 'key' && api !== undefined) {
    const check = await checkKey(api, newKey.key, signal);
    if (check.kind === 'refused') return { kind: 'key-refused', check };
  }
  const withNew = setMember(text, index, 'apiKey', source);
  await saveConnectorsDocument(document, changeWriteKeys(withNew, index, { added: [connector.apiKey] }));
  return {
    kind: 'rotated',
    generatedKey: generated,
    oldKey: oldKey.kind === 'key' ? oldKey.fingerprint : nameOfSource(connector.apiKey),
  };
}

/** The key that the dispatcher calls Astrolabe with, for what acts in the connector's name. */
export function resolveConnectorKey(
  { document, found }: OpenedConnector,
  variables: Environment,
): Promise<ResolvedKey> {
  return resolveKey(document.path, found.connector.apiKey, variables);
}

/** A write key that can be retired: its place in the file, and what it is called. */
export type FoundWriteKey =
  | { readonly kind: 'write-key'; readonly place: number }
  /** Or the name fits several. */
  | { readonly kind: 'unknown-key'; readonly known: readonly string[] };

/** `name` is a fingerprint, or where the key is: `$VARIABLE` or the path of a file. */
export async function findWriteKey(
  { document, found }: OpenedConnector,
  name: string,
  variables: Environment,
): Promise<FoundWriteKey> {
  const places: number[] = [];
  const known: string[] = [];
  for (const [place, source] of found.connector.writeKeys.entries()) {
    const key = await resolveKey(document.path, source, variables);
    const names = [
      ...(typeof source === 'string' ? [] : [nameOfSource(source)]),
      ...(key.kind === 'key' ? [key.fingerprint] : []),
    ];
    known.push(names.at(-1) ?? nameOfSource(source));
    if (names.includes(name)) places.push(place);
  }
  const [place] = places;
  return place !== undefined && places.length === 1 ? { kind: 'write-key', place } : { kind: 'unknown-key', known };
}

export async function retireKey({ document, found }: OpenedConnector, place: number): Promise<void> {
  await saveConnectorsDocument(document, changeWriteKeys(found.text, found.index, { removed: [place] }));
}

/** `in the file`, `$VARIABLE`, or the path of a file. */
export function nameOfSource(source: KeySource): string {
  if (typeof source === 'string') return 'in the file';
  return 'env' in source ? `$${source.env}` : source.file;
}
