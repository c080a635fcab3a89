/**
 * Gives a connector another key without a moment in which events are refused. Two sides hold the key, Segment's settings and Astrolabe, and
 * nobody can change both at once. So first the new key becomes the API key, which the dispatcher calls Astrolabe with, and the old one stays
 * among the write keys, which ingest takes; then Segment is given the new one; then the old one is retired.
 */
import { readConfig } from '@astrolabe/service-kit';
import type { CommandContext } from '../command-context.ts';
import { isAgreed } from '../command-context.ts';
import { connectorsConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { checkKey, describeCheck } from './check-keys.ts';
import {
  describeSource,
  openConnectorsDocument,
  placeOf,
  resolveKey,
  saveConnectorsDocument,
  type ConnectorsDocument,
} from './connectors-document.ts';
import { changeWriteKeys, setMember } from './edit-connectors-text.ts';
import { provideKey, type KeyFlags } from './new-key.ts';

export interface RotateFlags extends ChangeFlags, KeyFlags {
  readonly retire?: string;
}

export async function runRotateKey(context: CommandContext, flags: RotateFlags, id: string): Promise<ExitCode> {
  const config = readConfig(connectorsConfig, context.env);
  const document = await openConnectorsDocument(config.connectorsFile);
  const index = placeOf(document, id);
  if (flags.retire !== undefined) return retire(context, flags, document, index, flags.retire);

  const { output, env, signal } = context;
  const before = document.connectors[index];
  if (before === undefined || document.text === undefined) throw new UsageError(`There is no connector "${id}".`);
  const oldKey = await resolveKey(document.path, before.apiKey, env);
  const question = `Give "${id}" another key? The old one stays accepted from senders until it is retired.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  const { source, generated } = await provideKey(document.path, id, flags);
  if (JSON.stringify(source) === JSON.stringify(before.apiKey)) {
    throw new UsageError(
      `${describeSource(source)} is where the present key comes from; a new key needs another place.`,
    );
  }
  // A key issued by Astrolabe is tried before anything depends on it. One made here cannot be known there yet.
  const newKey = await resolveKey(document.path, source, env);
  if (generated === undefined && newKey.kind === 'key' && config.apiUrl !== undefined) {
    const check = await checkKey(config.apiUrl, newKey.key, signal);
    if (check.kind === 'refused') {
      context.note(`Astrolabe: the new key is ${describeCheck(check)}. Nothing was changed.`);
      return exitCodes.failed;
    }
  }
  const withNew = setMember(document.text, index, 'apiKey', source);
  await saveConnectorsDocument(document, changeWriteKeys(withNew, index, { added: [before.apiKey] }));
  const fingerprint = oldKey.kind === 'key' ? oldKey.fingerprint : describeSource(before.apiKey);
  output.result({ id, ...(generated !== undefined && { apiKey: generated }), retire: fingerprint }, [
    `Connector "${id}" has a new key; senders may use the old one (${fingerprint}) as well for now.`,
    ...(generated === undefined ? [] : [`API key, shown this once: ${generated}`]),
    'Next:',
    '  1. Give the new key to Astrolabe, if it is not from there. Commands wait until it knows the key; nothing is lost.',
    `  2. astrolabe connectors check ${id}`,
    '  3. In Segment: Destinations > Astrolabe > Settings > API Key: paste the new key.',
    `  4. When nothing is sent with the old key any more: astrolabe connectors rotate-key ${id} --retire ${fingerprint}`,
  ]);
  return exitCodes.done;
}

async function retire(
  context: CommandContext,
  flags: RotateFlags,
  document: ConnectorsDocument,
  index: number,
  wanted: string,
): Promise<ExitCode> {
  const connector = document.connectors[index];
  if (connector === undefined || document.text === undefined) throw new UsageError('There is no such connector.');
  const places: number[] = [];
  const known: string[] = [];
  for (const [place, source] of connector.writeKeys.entries()) {
    const key = await resolveKey(document.path, source, context.env);
    const names = [describeSource(source), ...(key.kind === 'key' ? [key.fingerprint] : [])];
    known.push(names.at(-1) ?? '');
    if (names.includes(wanted) && wanted !== describeSource('')) places.push(place);
  }
  if (places.length !== 1) {
    throw new UsageError(
      `"${connector.id}" has no write key ${wanted}; ${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}.`,
    );
  }
  const question = `Retire the key ${wanted} of "${connector.id}"? Whoever still sends with it is answered 401.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  await saveConnectorsDocument(document, changeWriteKeys(document.text, index, { removed: places }));
  context.output.result({ id: connector.id, retired: wanted }, [`The key ${wanted} of "${connector.id}" is retired.`]);
  return exitCodes.done;
}
