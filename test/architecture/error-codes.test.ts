/**
 * The error catalogue against the sources: a code that nothing raises sends people after a fault that cannot happen.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, type ErrorCode } from '@astrolabe/service-kit';
import { readSources } from './source-files.ts';

const CATALOGUE = 'packages/service-kit/src/error-codes.ts';

/** What people run. The demo and the model of chaos only tell codes apart. */
const folders = ['packages/', 'services/', 'cli/'];

const codesInCode = readSources()
  .filter(({ path, isTest }) => !isTest && !path.includes('/testing/') && path !== CATALOGUE)
  .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
  .flatMap(({ path, text }) => raisedCodes(text).map((code) => ({ path, code })));

test('every code of the catalogue is raised somewhere', () => {
  const raised = new Set(codesInCode.map(({ code }) => code));
  assert.deepEqual(
    errorCodes.filter((code) => !raised.has(code)),
    [],
  );
});

test('every code that is raised is in the catalogue', () => {
  const areas = new Set(errorCodes.map(areaOf));
  const unknown = codesInCode.filter(({ code }) => areas.has(areaOf(code)) && !errorCodes.includes(code as ErrorCode));
  assert.deepEqual(unknown, []);
});

test('a code in a comment, in a comparison or in a document is not raised', () => {
  const text = [
    '/** Rejects with `api.commented`. */',
    "// as 'api.commented' says",
    "if (isPipelineError(error, 'api.compared')) return;",
    "if (code === 'api.compared' || code !== 'api.compared') return;",
    "case 'api.compared':",
    "throw new PipelineError('api.raised', 'a message about api.mentioned', { retryable: false });",
    "const code = connector === undefined ? 'api.one' : 'api.other';",
  ].join('\n');
  assert.deepEqual(raisedCodes(text), ['api.raised', 'api.one', 'api.other']);
});

/**
 * Literals in the form of a code, except file names, comments, and places that only distinguish codes.
 */
function raisedCodes(text: string): string[] {
  const code = text
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/(?:isPipelineError\(\w+,|[!=]==|\bcase)\s*'[^']*'/g, '');
  return [...code.matchAll(/'([a-z]+\.(?!(?:json|log)')[a-z]+(?:-[a-z]+)*)'/g)].flatMap((match) => match[1] ?? []);
}

function areaOf(code: string): string {
  return code.slice(0, code.indexOf('.'));
}
