import { readConfig } from '@astrolabe/service-kit';
import type { CommandContext } from '../command-context.ts';
import { connectorsConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { describeSource, openConnectorsDocument, saveConnectorsDocument } from './connectors-document.ts';
import { appendConnector } from './edit-connectors-text.ts';
import { provideKey, type KeyFlags } from './new-key.ts';
import { describeSegmentSetup } from './segment-setup.ts';

export interface AddFlags extends CommonFlags, KeyFlags {
  readonly name?: string;
  readonly id?: string;
  readonly freeEmailProviders?: 'allow' | 'block';
  readonly ingestUrl?: string;
}

/** Sets a connector up as Astrolabe's page does: a name, free email providers or not, a key that is shown once. */
export async function runAddConnector(context: CommandContext, flags: AddFlags): Promise<ExitCode> {
  const { output, env } = context;
  const config = readConfig(connectorsConfig, env);
  const document = await openConnectorsDocument(config.connectorsFile);
  const name = flags.name ?? (await askForName(context));
  const freeEmailProviders = flags.freeEmailProviders ?? (await askForFreeEmail(context));
  const id = flags.id ?? toId(name);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) {
    throw new UsageError(`"${id}" is no id: 1 to 63 lower-case letters, digits and hyphens. Give one by --id.`);
  }
  if (document.connectors.some((connector) => connector.id === id)) {
    throw new UsageError(`${document.path} has a connector "${id}" already; give another name, or an id by --id.`);
  }
  const { source, generated } = await provideKey(document.path, id, flags);
  const connector = { id, name, apiKey: source, freeEmailProviders };
  await saveConnectorsDocument(document, appendConnector(document.text, connector));

  const ingestUrl = flags.ingestUrl ?? `http://${config.ingestHost}:${config.ingestPort}`;
  const blocked = freeEmailProviders === 'block' ? 'blocked' : 'allowed';
  output.result(
    {
      connector,
      file: document.path,
      ...(generated !== undefined && { apiKey: generated }),
      segment: { apiKey: generated, enabled: true, endpoint: `${ingestUrl}/segment` },
    },
    [
      `Connector "${id}" (${name}) was added to ${document.path}: free email providers ${blocked}, enabled.`,
      'Running services take it up by themselves within seconds.',
      '',
      ...(generated === undefined
        ? []
        : [
            `API key, shown this once: ${generated}`,
            'Astrolabe has to know it too: the dispatcher calls the API with it.',
            '',
          ]),
      ...describeSegmentSetup({ ingestUrl, connectorId: id, key: generated ?? `the key ${describeSource(source)}` }),
      '',
      `Try it: astrolabe connectors check ${id}`,
    ],
  );
  return exitCodes.done;
}

async function askForName({ terminal }: CommandContext): Promise<string> {
  if (terminal === undefined) {
    throw new UsageError(
      'A connector needs a name: astrolabe connectors add --name "Acme" --free-email-providers block',
    );
  }
  for (;;) {
    const name = (await terminal.ask('Name of the connector: ')).trim();
    if (name !== '') return name;
  }
}

async function askForFreeEmail({ terminal }: CommandContext): Promise<'allow' | 'block'> {
  if (terminal === undefined) {
    throw new UsageError(
      'Allow or block users with free email providers: add --free-email-providers allow (or block).',
    );
  }
  for (;;) {
    const answer = (
      await terminal.ask('Users with free email providers (gmail.com, ...), allow or block? [allow] ')
    ).trim();
    if (answer === '' || /^a(llow)?$/i.test(answer)) return 'allow';
    if (/^b(lock)?$/i.test(answer)) return 'block';
  }
}

/** `Acme (EU)` becomes `acme-eu`. */
export function toId(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}
