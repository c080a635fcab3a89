/** `astrolabe audit`: who has changed what, when, from where, and what came of it. */
import {
  actionNames,
  auditEntryJson,
  exportAudit,
  missingTopic,
  readAuditPage,
  type ActionName,
  type AuditCursor,
  type AuditEntry,
  type AuditFilter,
  type Cluster,
} from '@astrolabe/operations';
import { parseTimestamp } from '@astrolabe/segment';
import { readConfig } from '@astrolabe/service-kit';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { clusterConfig } from '../config.ts';
import { parseDuration } from '../core/durations.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readCount, readDatetime, type CommonFlags } from '../flags.ts';
import { auditRow } from './audit-lines.ts';

/** A time, or how long ago. */
type Since = { readonly atMs: number } | { readonly agoMs: number };

interface AuditFlags extends CommonFlags {
  readonly since?: Since;
  readonly until?: number;
  readonly action?: ActionName;
  readonly who?: string;
}

interface ListFlags extends AuditFlags {
  readonly limit: number;
}

const DEFAULT_LIMIT = 50;
const MAX_PAGE = 200;

export function registerAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('who has changed what, from where, and what came of it');
  addFilter(
    addVerb(audit, 'list', 'list what was changed, newest first', [
      'astrolabe audit list --since 7d',
      'astrolabe audit list --action rotate-key --who eva --json',
    ]),
  )
    .addOption(new Option('--limit <actions>', 'at most this many').argParser(readCount).default(DEFAULT_LIMIT))
    .action(act((context, flags: ListFlags) => onCluster(context, (cluster) => list(context, cluster, flags))));
  addFilter(
    addVerb(audit, 'export', 'print all of it as lines of JSON, newest first', [
      'astrolabe audit export --since 2026-01-01T00:00:00Z > audit.ndjson',
    ]),
  ).action(act((context, flags: AuditFlags) => onCluster(context, (cluster) => exportAll(context, cluster, flags))));
}

function addFilter(verb: Command): Command {
  return addClusterOption(verb)
    .addOption(
      new Option('--since <time>', 'begun since then: a time, or how long ago, such as 7d').argParser(readSince),
    )
    .addOption(new Option('--until <time>', 'begun before this time').argParser(readDatetime))
    .addOption(new Option('--action <name>', 'only this action').choices(actionNames))
    .option('--who <name>', 'only by this person');
}

function readSince(text: string): Since {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return { agoMs };
  const atMs = parseTimestamp(text);
  if (atMs === undefined) {
    throw new InvalidArgumentError('expected a time such as 2026-03-01T10:00:00Z, or how long ago, such as 7d.');
  }
  return { atMs };
}

function onCluster(context: CommandContext, use: (cluster: Cluster) => Promise<ExitCode>): Promise<ExitCode> {
  return withCluster(context, readConfig(clusterConfig, context.env), use);
}

function filterOf({ clock }: CommandContext, { since, until, action, who }: AuditFlags): AuditFilter {
  return {
    ...(since !== undefined && { sinceMs: 'atMs' in since ? since.atMs : clock.nowMs() - since.agoMs }),
    ...(until !== undefined && { untilMs: until }),
    ...(action !== undefined && { action }),
    ...(who !== undefined && { who }),
  };
}

async function list(context: CommandContext, cluster: Cluster, flags: ListFlags): Promise<ExitCode> {
  const { output, note } = context;
  const found = await readEntries(context, cluster, flags);
  if (found === undefined) {
    note(`${missingTopic(cluster.topics.audit.name)}. Nothing is recorded yet.`);
    return exitCodes.failed;
  }
  const { entries, hasMore } = found;
  if (output.isJson) for (const entry of entries) output.result(auditEntryJson(entry), []);
  else if (entries.length === 0) output.lines(['Nothing that matches was changed.']);
  else output.lines(formatTable(['BEGUN', 'WHO', 'FROM', 'ACTION', 'ABOUT', 'RESULT'], entries.map(auditRow)));
  if (hasMore) note(`There are older ones: use --limit, or "astrolabe audit export".`);
  return exitCodes.done;
}

/** Undefined without the topic. */
async function readEntries(
  context: CommandContext,
  cluster: Cluster,
  flags: ListFlags,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly hasMore: boolean } | undefined> {
  const filter = filterOf(context, flags);
  const entries: AuditEntry[] = [];
  let from: AuditCursor | undefined;
  do {
    const limit = Math.min(MAX_PAGE, flags.limit - entries.length);
    const page = await readAuditPage(cluster, { filter, limit, from }, context.signal);
    if (page.kind === 'no-topic') return undefined;
    entries.push(...page.entries);
    from = page.next;
  } while (from !== undefined && entries.length < flags.limit);
  return { entries, hasMore: from !== undefined };
}

async function exportAll(context: CommandContext, cluster: Cluster, flags: AuditFlags): Promise<ExitCode> {
  for await (const line of exportAudit(cluster, filterOf(context, flags), context.signal)) {
    context.output.json(line.trimEnd());
  }
  return exitCodes.done;
}
