import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import { IN_PROGRESS_CODE, classifyResponse, parseRetryAfter, type ApiResponse } from './classify-response.ts';

const nowMs = Date.UTC(2026, 0, 1);

function response(status: number, fields: Partial<ApiResponse> = {}): ApiResponse {
  return { kind: 'response', status, headers: {}, body: '', ...fields };
}

/** The verdict of each status without a body, in the words of one line. */
function verdictOf(status: number): string {
  const verdict = classifyResponse(response(status), nowMs);
  return verdict.kind === 'retry' ? `retry: ${verdict.reason}` : verdict.kind;
}

test('every status from 100 to 599 has the verdict of this table', () => {
  const named: Readonly<Record<number, string>> = {
    401: 'halt',
    403: 'halt',
    408: 'retry: request-timeout',
    423: 'retry: in-progress',
    425: 'retry: in-progress',
    429: 'retry: rate-limited',
    501: 'rejected',
  };
  for (let status = 100; status <= 599; status += 1) {
    const byClass =
      status < 200 || (status >= 300 && status < 400)
        ? 'retry: unexpected-status'
        : status < 300
          ? 'delivered'
          : status < 500
            ? 'rejected'
            : 'retry: server-error';
    assert.equal(verdictOf(status), named[status] ?? byClass, String(status));
  }
});

test('a conflict is waited for where a call with the same key is under way, and final otherwise', () => {
  const conflict = (code: string) =>
    classifyResponse(response(409, { body: JSON.stringify({ code, title: 't' }) }), nowMs);
  const verdict = conflict(IN_PROGRESS_CODE);
  assert.ok(verdict.kind === 'retry' && verdict.reason === 'in-progress');
  assert.equal(conflict('idempotency-key-reused').kind, 'rejected');
});

test('the code of a call under way is one of the contract', () => {
  const contract = loadOpenApi();
  assert.deepEqual(contract.errorsOf('ProblemCode', IN_PROGRESS_CODE), []);
});

test('an answer that is the remembered one of an earlier call is a duplicate', () => {
  const duplicate = (headers: ApiResponse['headers']) => {
    const verdict = classifyResponse(response(200, { headers }), nowMs);
    return verdict.kind === 'delivered' && verdict.duplicate;
  };
  assert.equal(duplicate({}), false);
  assert.equal(duplicate({ 'idempotency-replayed': 'true' }), true);
  assert.equal(duplicate({ 'idempotency-replayed': 'false' }), false);
});

test('no answer at all is worth asking again, whatever the reason', () => {
  for (const reason of ['timeout', 'connection', 'name-resolution'] as const) {
    assert.deepEqual(classifyResponse({ kind: 'no-response', reason, message: 'm' }, nowMs), {
      kind: 'retry',
      reason,
      afterMs: undefined,
      message: 'm',
      status: undefined,
    });
  }
});

test('Retry-After is read as seconds or as a date of HTTP, and anything else is none', () => {
  const table: readonly (readonly [string | undefined, number | undefined])[] = [
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['2026-01-01T00:00:30Z', undefined],
    ['99999999999999', undefined],
  ];
  for (const [value, expected] of table) assert.equal(parseRetryAfter(value, nowMs), expected, value);
});

test('what the API asks for goes along with the verdict', () => {
  const verdict = classifyResponse(response(503, { headers: { 'retry-after': '3' } }), nowMs);
  assert.ok(verdict.kind === 'retry');
  assert.deepEqual([verdict.afterMs, verdict.status], [3_000, 503]);
});

test('the message tells the problem in words, else the start of the body, bounded', () => {
  const messageOf = (body: string) => {
    const verdict = classifyResponse(response(422, { body }), nowMs);
    return verdict.kind === 'rejected' ? verdict.message : undefined;
  };
  assert.equal(messageOf('{"title":"No","detail":"because"}'), 'status 422: No: because');
  assert.equal(messageOf('{"title":"No"}'), 'status 422: No');
  assert.equal(messageOf('{"code":"x"}'), 'status 422: {"code":"x"}');
  assert.equal(messageOf('<html>'), 'status 422: <html>');
  assert.equal(messageOf('null'), 'status 422: null');
  assert.equal(messageOf('{"title":7}'), 'status 422: {"title":7}');
  assert.equal(messageOf('x'.repeat(5_000))?.length, 1_012);
  assert.equal(messageOf(JSON.stringify({ title: 'x'.repeat(5_000) }))?.length, 1_000);
});

test('a 422 that says that the key was executed before, with other content, is a duplicate; any other 422 is refused', () => {
  const refusal = (code: string) => classifyResponse(response(422, { body: JSON.stringify({ code }) }), nowMs);
  assert.deepEqual(refusal('idempotency-key-reused'), { kind: 'delivered', duplicate: true });
  assert.equal(refusal('invalid-request').kind, 'rejected');
});
