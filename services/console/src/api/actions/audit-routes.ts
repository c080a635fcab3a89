/** Who has changed what. */
import {
  auditEntryJson,
  cursorText,
  exportAudit,
  missingTopic,
  parseCursor,
  readAuditPage,
  type AuditFilter,
} from '@astrolabe/operations';
import type { ApiAnswer, ApiRequest, Route } from '../../routes/route.ts';
import type { ActionContext } from './action-context.ts';
import { refusal } from './refusals.ts';
import { auditAnswer, auditEntry, auditExportQuery, auditQuery, type AuditQuery } from './shapes.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export function auditRoutes(context: ActionContext): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/audit',
      role: 'viewer',
      summary: 'What operators have changed, newest first, a page at a time',
      query: auditQuery,
      answer: auditAnswer,
      handle: (request) => page(context, request),
    },
    {
      method: 'GET',
      path: '/audit/export',
      role: 'viewer',
      summary: 'All of it as lines of JSON, as astrolabe audit export prints them',
      query: auditExportQuery,
      answer: auditEntry,
      answers: 'download',
      handle: async ({ query, signal }) => ({
        kind: 'download',
        fileName: 'astrolabe-audit.ndjson',
        contentType: 'application/x-ndjson',
        lines: exportAudit(await context.cluster(), filterOf(query), signal),
      }),
    },
  ];
}

async function page(context: ActionContext, { query, signal }: ApiRequest): Promise<ApiAnswer> {
  const { cursor, limit } = query as AuditQuery;
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  if (cursor !== undefined && from === undefined) {
    return refusal(400, 'console.request-invalid', 'the cursor is not one that a page has given; begin without it');
  }
  const wanted = Math.min(MAX_LIMIT, Math.max(1, limit === undefined ? DEFAULT_LIMIT : Number(limit)));
  const read = await readAuditPage(await context.cluster(), { filter: filterOf(query), limit: wanted, from }, signal);
  if (read.kind === 'no-topic') {
    return { kind: 'json', body: { entries: [], note: `${missingTopic(read.topic)}. Nothing is recorded yet.` } };
  }
  const { entries, next } = read;
  const body = { entries: entries.map(auditEntryJson), ...(next !== undefined && { next: cursorText(next) }) };
  return { kind: 'json', body };
}

function filterOf({ action, who, from, to }: AuditQuery): AuditFilter {
  return {
    ...(action !== undefined && action !== '' && { action }),
    ...(who !== undefined && who !== '' && { who }),
    ...(from !== undefined && { sinceMs: Date.parse(from) }),
    ...(to !== undefined && { untilMs: Date.parse(to) }),
  };
}
