/** `astrolabe connectors`: what a customer sets up in Astrolabe, in the connectors file. */
import {
  auditedConnectorToggle,
  checkConnectors,
  listConnectors,
  nameOfSource,
  type ResolvedKey,
} from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { Option, type Command } from 'commander';
import { withAuditorOfBrokers } from '../audit/audited.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { connectorsConfig } from '../config.ts';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addChangeOptions, addVerb, type CommonFlags } from '../flags.ts';
import { connectorUsage } from '../refusals.ts';
import { runAddConnector, type AddFlags } from './add-command.ts';
import { describeCheck } from './describe-check.ts';
import { runRotateKey, type RotateFlags } from './rotate-command.ts';

export function registerConnectors(program: Command, act: Act): void {
  const connectors = program
    .command('connectors')
    .description("manage customers' connectors: add, list, enable, disable, rotate keys, check");
  addVerb(connectors, 'add', 'add a connector, print its key once and what to enter in Segment', [
    'astrolabe connectors add',
    'astrolabe connectors add --name "Acme" --free-email-providers block --key-file secrets/acme',
  ])
    .option('--name <name>', 'display name (prompted if omitted)')
    .option('--id <id>', 'id in topics and metrics (default: derived from the name)')
    .addOption(
      new Option('--free-email-providers <rule>', 'users with an address at gmail.com and similar providers').choices([
        'allow',
        'block',
      ]),
    )
    .option('--key-env <name>', 'the key is in this environment variable of the services')
    .option('--key-file <path>', 'the key is in this file, created if missing')
    .option('--ingest-url <url>', 'public URL of ingest, used in the instructions that are printed')
    .action(act((context, flags: AddFlags) => runAddConnector(context, flags)));
  addVerb(connectors, 'list', 'list connectors, with fingerprints of their keys', [
    'astrolabe connectors list --json',
  ]).action(act(list));
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    const effect = enabled
      ? "accept a connector's events again"
      : "refuse a connector's events, like the toggle in Segment";
    addVerb(connectors, `${name} <id>`, effect, [`astrolabe connectors ${name} acme`]).action(
      act((context, _flags: CommonFlags, id: string) => setEnabled(context, id, enabled)),
    );
  }
  registerRotation(connectors, act);
  addVerb(connectors, 'check [id]', 'ask Astrolabe whether it accepts the key, with a call that changes nothing', [
    'DISPATCHER_API_URL=https://api.example.com astrolabe connectors check acme',
  ]).action(act((context, _flags: CommonFlags, id?: string) => check(context, id)));
}

function registerRotation(connectors: Command, act: Act): void {
  addChangeOptions(
    addVerb(
      connectors,
      'rotate-key <id>',
      'give a connector a new key; the old one is still accepted until it is retired',
      [
        'astrolabe connectors rotate-key acme --key-env ACME_KEY_2026 --execute',
        'astrolabe connectors rotate-key acme --retire 1f0c9a3e --execute',
      ],
    ),
  )
    .option('--key-env <name>', 'the new key is in this environment variable')
    .option('--key-file <path>', 'the new key is in this file, created if missing')
    .option('--retire <fingerprint>', 'remove an old key, at the end of a rotation')
    .action(act((context, flags: RotateFlags, id: string) => runRotateKey(context, flags, id)));
}

async function list(context: CommandContext, _flags: CommonFlags): Promise<ExitCode> {
  const { output, env } = context;
  const { connectorsFile } = readConfig(connectorsConfig, env);
  const rows = (await listConnectors(connectorsFile, env)).map(({ apiKey, apiKeySource, writeKeys, ...connector }) => ({
    ...connector,
    apiKey: fingerprintIn(apiKey),
    apiKeySource: nameOfSource(apiKeySource),
    writeKeys: writeKeys.map(fingerprintIn),
  }));
  output.result(
    { file: connectorsFile, connectors: rows },
    rows.length === 0
      ? [`${connectorsFile} has no connectors; add one with "astrolabe connectors add".`]
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

function fingerprintIn(key: ResolvedKey): string {
  return key.kind === 'key' ? key.fingerprint : `? ${key.reason}`;
}

async function setEnabled(context: CommandContext, id: string, enabled: boolean): Promise<ExitCode> {
  const { output, env } = context;
  const { connectorsFile } = readConfig(connectorsConfig, env);
  const set = await withAuditorOfBrokers(context, (auditor) =>
    auditedConnectorToggle(auditor, connectorsFile, id, enabled),
  );
  if (set.kind !== 'set') throw connectorUsage(set);
  const word = enabled ? 'enabled' : 'disabled';
  const { changed } = set;
  output.result({ id, enabled, changed }, [`Connector "${id}" ${changed ? 'is' : 'was already'} ${word}.`]);
  return exitCodes.done;
}

async function check({ output, env, signal }: CommandContext, id: string | undefined): Promise<ExitCode> {
  const config = readConfig(connectorsConfig, env);
  const { connectorsFile, apiUrl } = config;
  if (apiUrl === undefined) throw new UsageError('DISPATCHER_API_URL is not set; keys are checked against that API.');
  const checked = await checkConnectors({
    connectorsFile,
    id,
    variables: env,
    apiUrl,
    apiTls: tlsMaterialOf(config, 'api'),
    signal,
  });
  if (checked.kind !== 'checked') throw connectorUsage(checked);
  const { connectors } = checked;
  output.result(
    { connectors: connectors.map(({ id: connector, check: result }) => ({ id: connector, ...result })) },
    formatTable(
      ['ID', 'KEY AT ASTROLABE'],
      connectors.map(({ id: connector, check: result }) => [connector, describeCheck(result)]),
    ),
  );
  return connectors.every(({ check: result }) => result.kind === 'accepted') ? exitCodes.done : exitCodes.failed;
}
