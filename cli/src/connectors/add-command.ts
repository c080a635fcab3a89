/** `astrolabe connectors add`. */
import { auditedConnectorAdd, nameOfSource, type AddConnectorOutcome } from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { withAuditorOfBrokers } from '../audit/audited.ts';
import type { CommandContext } from '../command-context.ts';
import { connectorsConfig, type ConnectorsConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { keyRequest, type KeyFlags } from './key-flags.ts';
import { describeSegmentSetup } from './segment-setup.ts';

export interface AddFlags extends CommonFlags, KeyFlags {
  readonly name?: string;
  readonly id?: string;
  readonly freeEmailProviders?: 'allow' | 'block';
  readonly ingestUrl?: string;
}

export async function runAddConnector(context: CommandContext, flags: AddFlags): Promise<ExitCode> {
  const config = readConfig(connectorsConfig, context.env);
  const { connectorsFile } = config;
  const name = flags.name ?? (await askForName(context));
  const freeEmailProviders = flags.freeEmailProviders ?? (await askForFreeEmail(context));
  const key = keyRequest(flags);
  const added = await withAuditorOfBrokers(context, (auditor) =>
    auditedConnectorAdd(auditor, { connectorsFile, name, id: flags.id, freeEmailProviders, key }),
  );
  switch (added.kind) {
    case 'invalid-id':
      throw new UsageError(
        `"${added.id}" is not a valid id; use 1 to 63 lower-case letters, digits and hyphens. Set one with --id.`,
      );
    case 'duplicate-id':
      throw new UsageError(
        `${connectorsFile} has a connector "${added.id}" already; choose another name, or an id with --id.`,
      );
    case 'read-only':
      context.note(`${connectorsFile} cannot be written here. Add this to its connectors:`);
      context.output.result({ connector: added.connector }, JSON.stringify(added.connector, null, 2).split('\n'));
      return exitCodes.failed;
    case 'added':
      printAdded(context, flags, config, added);
      return exitCodes.done;
  }
}

function printAdded(
  { output }: CommandContext,
  flags: AddFlags,
  { connectorsFile, ingestHost, ingestPort }: ConnectorsConfig,
  { connector, generatedKey }: Extract<AddConnectorOutcome, { kind: 'added' }>,
): void {
  const { id, name, apiKey: source, freeEmailProviders } = connector;
  const ingestUrl = flags.ingestUrl ?? `http://${ingestHost}:${ingestPort}`;
  const blocked = freeEmailProviders === 'block' ? 'blocked' : 'allowed';
  output.result(
    {
      connector,
      file: connectorsFile,
      ...(generatedKey !== undefined && { apiKey: generatedKey }),
      segment: { apiKey: generatedKey, enabled: true, endpoint: `${ingestUrl}/segment` },
    },
    [
      `Connector "${id}" (${name}) was added to ${connectorsFile}: free email providers ${blocked}, enabled.`,
      'Running services pick it up within seconds.',
      '',
      ...(generatedKey === undefined
        ? []
        : [
            `API key, shown this once: ${generatedKey}`,
            'Give it to Astrolabe as well: the dispatcher calls the API with it.',
            '',
          ]),
      ...describeSegmentSetup({
        ingestUrl,
        connectorId: id,
        key: generatedKey ?? `the key ${nameOfSource(source)}`,
      }),
      '',
      `Try it: astrolabe connectors check ${id}`,
    ],
  );
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
      await terminal.ask('Users with free email providers (gmail.com, ...): allow or block? [allow] ')
    ).trim();
    if (answer === '' || /^a(llow)?$/i.test(answer)) return 'allow';
    if (/^b(lock)?$/i.test(answer)) return 'block';
  }
}
