/**
 * Each code of the error catalogue is raised somewhere, explained in docs/errors.md, named by a test, and counted where
 * somebody who watches the pipeline sees it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorCodes, type ErrorCode } from '@astrolabe/service-kit/errors';
import { raisedCodes } from './raised-codes.ts';
import { readSources, root } from './source-files.ts';

const sources = readSources();

type Count =
  /** Metrics of docs/metrics.md that count it. */
  | { readonly metrics: readonly string[] }
  /** Why nothing can count it. */
  | { readonly uncounted: string };

const logged: Count = { metrics: ['ingest_faults_total', 'mapper_faults_total', 'dispatcher_faults_total'] };
const refusedRequest: Count = { metrics: ['ingest_requests_total'] };
const refusedEvent: Count = { metrics: ['ingest_events_total', 'mapper_events_total'] };
const deadCommand: Count = { metrics: ['dispatcher_commands_total'] };

/** By area. Whatever a service logs as a fault is counted by code, as it retries, waits or stops. */
const areas: Readonly<Record<string, Count>> = {
  config: { uncounted: 'the process ends with 2 before it has metrics; its message is on standard error' },
  connectors: logged,
  service: logged,
  tracing: logged,
  stack: { uncounted: 'no service raises it: it is told by what starts a local stack' },
  kafka: logged,
  registry: logged,
  ledger: logged,
  event: refusedEvent,
  webhook: refusedRequest,
  connector: refusedRequest,
  request: refusedRequest,
  ingest: refusedRequest,
  command: deadCommand,
  api: deadCommand,
  mapper: { metrics: ['mapper_events_total'] },
  console: { metrics: ['console_refused_requests_total'] },
};

/** Where a code differs from its area. */
const exceptions: Readonly<Partial<Record<ErrorCode, Count>>> = {
  'kafka.patch-missing': { uncounted: 'the process ends while it loads its modules' },
  'event.unauthenticated': refusedRequest,
  'mapper.state-too-large': logged,
  'console.users-invalid': { metrics: ['console_faults_total'] },
  'event.unsupported-type': refusedRequest,
};

test('every code of the catalogue is raised somewhere', () => {
  const raised = new Set(raisedCodes(sources).map(({ code }) => code));
  assert.deepEqual(
    errorCodes.filter((code) => !raised.has(code)),
    [],
  );
});

test('every code that is raised is in the catalogue', () => {
  const areas = new Set(errorCodes.map(areaOf));
  const unknown = raisedCodes(sources).filter(
    ({ code }) => areas.has(areaOf(code)) && !errorCodes.includes(code as ErrorCode),
  );
  assert.deepEqual(unknown, []);
});

test('every code has a row in docs/errors.md, and no other has one', () => {
  const documented = [...document('errors.md').matchAll(/^\| `([a-z.-]+)`/gm)].map((match) => match[1]);
  assert.deepEqual(documented, [...errorCodes]);
});

test('every code is named by a test', () => {
  const tests = sources.filter(({ path, isTest }) => isTest || path.includes('/testing/') || path.startsWith('test/'));
  const named = tests.filter(({ path }) => !path.startsWith('test/architecture/')).map(({ text }) => text);
  assert.deepEqual(
    errorCodes.filter((code) => !named.some((text) => names(text, code))),
    [],
  );
});

/**
 * As a literal, or in a regular expression with its point escaped or not; not as the beginning or end of another code.
 */
function names(text: string, code: ErrorCode): boolean {
  const pattern = code.replace('.', String.raw`\\?\.`);
  return new RegExp(String.raw`(?<![\w.-])${pattern}(?![\w-]|\.[a-z])`).test(text);
}

test('every code is counted, or cannot be for a reason', () => {
  const counters = new Set(
    [...document('metrics.md').matchAll(/^\| `([a-z_]+)`\s+\| counter/gm)].map(([, name]) => name),
  );
  const uncounted = errorCodes.filter((code) => {
    const count = exceptions[code] ?? areas[areaOf(code)];
    if (count === undefined) return true;
    return 'metrics' in count && !count.metrics.every((name) => counters.has(name));
  });
  assert.deepEqual(uncounted, []);
});

function areaOf(code: string): string {
  return code.slice(0, code.indexOf('.'));
}

function document(name: string): string {
  return readFileSync(join(root, 'docs', name), 'utf8');
}
