/** `astrolabe connectors rotate-key`. */
import {
  auditedKeyRetirement,
  auditedKeyRotation,
  findWriteKey,
  nameOfSource,
  openConnector,
} from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { withAuditorOfBrokers } from '../audit/audited.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { connectorsConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { connectorUsage } from '../refusals.ts';
import { describeCheck } from './describe-check.ts';
import { keyRequest, type KeyFlags } from './key-flags.ts';

export interface RotateFlags extends ChangeFlags, KeyFlags {
  readonly retire?: string;
}

type OpenedConnector = Extract<Awaited<ReturnType<typeof openConnector>>, { kind: 'opened' }>;

export async function runRotateKey(context: CommandContext, flags: RotateFlags, id: string): Promise<ExitCode> {
  const config = readConfig(connectorsConfig, context.env);
  const { connectorsFile, apiUrl } = config;
  const opened = await openConnector(connectorsFile, id);
  if (opened.kind !== 'opened') throw connectorUsage(opened);
  if (flags.retire !== undefined) return retire(context, flags, opened, flags.retire);
  const key = keyRequest(flags);
  const question = `Give "${id}" a new key? The old one is still accepted from senders until it is retired.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  const { env: variables, signal } = context;
  const api = apiUrl === undefined ? undefined : { apiUrl, apiTls: tlsMaterialOf(config, 'api') };
  const rotated = await withAuditorOfBrokers(context, (auditor) =>
    auditedKeyRotation(auditor, { opened, key, variables, api, signal }),
  );
  switch (rotated.kind) {
    case 'same-source':
      throw new UsageError(
        `The present key comes from there already (${nameOfSource(rotated.source)}); a new key needs another place.`,
      );
    case 'key-refused':
      context.note(`Astrolabe: the new key is ${describeCheck(rotated.check)}. Nothing was changed.`);
      return exitCodes.failed;
    case 'rotated':
      printRotated(context, id, rotated);
      return exitCodes.done;
  }
}

function printRotated(
  { output }: CommandContext,
  id: string,
  { generatedKey, oldKey }: { readonly generatedKey: string | undefined; readonly oldKey: string },
): void {
  output.result({ id, ...(generatedKey !== undefined && { apiKey: generatedKey }), retire: oldKey }, [
    `Connector "${id}" has a new key; senders may still use the old one (${oldKey}).`,
    ...(generatedKey === undefined ? [] : [`API key, shown this once: ${generatedKey}`]),
    'Next:',
    '  1. Give the new key to Astrolabe, unless Astrolabe issued it. Until then commands wait; nothing is lost.',
    `  2. astrolabe connectors check ${id}`,
    '  3. In Segment: Destinations > Astrolabe > Settings > API Key: paste the new key.',
    `  4. Once nothing is sent with the old key: astrolabe connectors rotate-key ${id} --retire ${oldKey}`,
  ]);
}

async function retire(
  context: CommandContext,
  flags: RotateFlags,
  opened: OpenedConnector,
  name: string,
): Promise<ExitCode> {
  const { id } = opened.found.connector;
  const key = await findWriteKey(opened, name, context.env);
  if (key.kind !== 'write-key') {
    const { known } = key;
    throw new UsageError(`"${id}" has no write key ${name}; it has ${known.length === 0 ? 'none' : known.join(', ')}.`);
  }
  const question = `Retire the key ${name} of "${id}"? Senders that still use it will get 401.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  const { place } = key;
  await withAuditorOfBrokers(context, (auditor) => auditedKeyRetirement(auditor, opened, { place, name }));
  context.output.result({ id, retired: name }, [`The key ${name} of "${id}" is retired.`]);
  return exitCodes.done;
}
