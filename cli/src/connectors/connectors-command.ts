/** `astrolabe connectors`: what a customer sets up in Astrolabe, in the connectors file. */
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import type { Act, CommandContext } from '../command-context.ts';
import { connectorsConfig } from '../config.ts';
import { formatTable } from '../core/table.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addChangeOptions, addVerb, type CommonFlags } from '../flags.ts';
import { runAddConnector, type AddFlags } from './add-connector.ts';
import { checkKey, describeCheck, type KeyCheck } from './check-keys.ts';
import {
  describeSource,
  openConnectorsDocument,
  placeOf,
  resolveKey,
  saveConnectorsDocument,
} from './connectors-document.ts';
import { setMember } from './edit-connectors-text.ts';
import { runRotateKey, type RotateFlags } from './rotate-key.ts';

export function registerConnectors(program: Command, act: Act): void {
  const connectors = program.command('connectors').description('what customers set up: names, keys, toggles');
  addVerb(connectors, 'add', 'sets a connector up, shows its key once and what to enter in Segment', [
    'astrolabe connectors add',
    'astrolabe connectors add --name "Acme" --free-email-providers block --key-file secrets/acme',
  ])
    .option('--name <name>', 'for people; asked for on a terminal')
    .option('--id <id>', 'its name in topics and metrics; made from the name')
    .addOption(
      new Option('--free-email-providers <rule>', 'users with an address at gmail.com and the like').choices([
        'allow',
        'block',
      ]),
    )
    .option('--key-env <name>', 'the key is in this environment variable of the services')
    .option('--key-file <path>', 'the key is in this file; written if it is not there')
    .option('--ingest-url <url>', 'where ingest can be reached, for what is printed')
    .action(act((context, flags: AddFlags) => runAddConnector(context, flags)));
  addVerb(connectors, 'list', 'every connector, its keys by their fingerprints', [
    'astrolabe connectors list --json',
  ]).action(act(list));
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    const effect = enabled
      ? 'takes the events of a connector again'
      : "refuses the events of a connector, as Segment's toggle does";
    addVerb(connectors, `${name} <id>`, effect, [`astrolabe connectors ${name} acme`]).action(
      act((context, _flags: CommonFlags, id: string) => setEnabled(context, id, enabled)),
    );
  }
  addChangeOptions(
    addVerb(
      connectors,
      'rotate-key <id>',
      'gives a connector another key; the old one stays accepted until it is retired',
      [
        'astrolabe connectors rotate-key acme --key-env ACME_KEY_2026 --execute',
        'astrolabe connectors rotate-key acme --retire 1f0c9a3e --execute',
      ],
    ),
  )
    .option('--key-env <name>', 'the new key is in this environment variable')
    .option('--key-file <path>', 'the new key is in this file; written if it is not there')
    .option('--retire <fingerprint>', 'takes an old key away, at the end of a rotation')
    .action(act((context, flags: RotateFlags, id: string) => runRotateKey(context, flags, id)));
  addVerb(connectors, 'check [id]', 'asks Astrolabe whether it takes the key, by a call that changes nothing', [
    'DISPATCHER_API_URL=https://api.example.com astrolabe connectors check acme',
  ]).action(act((context, _flags: CommonFlags, id?: string) => check(context, id)));
}

async function list(context: CommandContext, _flags: CommonFlags): Promise<ExitCode> {
  const { output, env } = context;
  const { path, connectors } = await openConnectorsDocument(readConfig(connectorsConfig, env).connectorsFile);
  const rows = await Promise.all(
    connectors.map(async ({ id, name, enabled, freeEmailProviders, apiKey, writeKeys }) => {
      const keys = await Promise.all([apiKey, ...writeKeys].map((source) => resolveKey(path, source, env)));
      const [api = '-', ...write] = keys.map((key) => (key.kind === 'key' ? key.fingerprint : `? ${key.reason}`));
      return {
        id,
        name,
        enabled,
        freeEmailProviders,
        apiKey: api,
        apiKeySource: describeSource(apiKey),
        writeKeys: write,
      };
    }),
  );
  output.result(
    { file: path, connectors: rows },
    rows.length === 0
      ? [`${path} has no connectors; "astrolabe connectors add" makes one.`]
      : formatTable(
          ['ID', 'NAME', 'ENABLED', 'FREE EMAIL', 'API KEY', 'FROM', 'WRITE KEYS'],
          rows.map((row) => [
            row.id,
            row.name,
            row.enabled ? 'yes' : 'no',
            row.freeEmailProviders,
            row.apiKey,
            row.apiKeySource,
            row.writeKeys.join(' '),
          ]),
        ),
  );
  return exitCodes.done;
}

async function setEnabled({ output, env }: CommandContext, id: string, enabled: boolean): Promise<ExitCode> {
  const document = await openConnectorsDocument(readConfig(connectorsConfig, env).connectorsFile);
  const index = placeOf(document, id);
  const word = enabled ? 'enabled' : 'disabled';
  const changed = document.connectors[index]?.enabled !== enabled;
  if (changed && document.text !== undefined) {
    await saveConnectorsDocument(document, setMember(document.text, index, 'enabled', enabled));
  }
  output.result({ id, enabled, changed }, [`Connector "${id}" ${changed ? 'is' : 'was already'} ${word}.`]);
  return exitCodes.done;
}

async function check({ output, env, signal }: CommandContext, id: string | undefined): Promise<ExitCode> {
  const { connectorsFile, apiUrl } = readConfig(connectorsConfig, env);
  if (apiUrl === undefined) throw new UsageError('DISPATCHER_API_URL is not set; keys are checked at that API.');
  const document = await openConnectorsDocument(connectorsFile);
  const chosen = id === undefined ? document.connectors : [document.connectors[placeOf(document, id)]];
  const rows: { readonly id: string; readonly check: KeyCheck }[] = [];
  for (const connector of chosen) {
    if (connector === undefined) continue;
    const key = await resolveKey(document.path, connector.apiKey, env);
    const result: KeyCheck =
      key.kind === 'key' ? await checkKey(apiUrl, key.key, signal) : { kind: 'unclear', reason: key.reason };
    rows.push({ id: connector.id, check: result });
  }
  output.result(
    { connectors: rows.map(({ id: connector, check: result }) => ({ id: connector, ...result })) },
    formatTable(
      ['ID', 'KEY AT ASTROLABE'],
      rows.map(({ id: connector, check: result }) => [connector, describeCheck(result)]),
    ),
  );
  return rows.every(({ check: result }) => result.kind === 'accepted') ? exitCodes.done : exitCodes.failed;
}
