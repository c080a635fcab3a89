import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentBack } from '@astrolabe/operations/testing';
import { LineChannel } from './line-channel.ts';
import type { JobAnswer } from './shapes.ts';
import { openTestActions } from './testing/open-test-actions.ts';

interface Page {
  readonly entries: { readonly action: string; readonly caller: object; readonly result?: { kind: string } }[];
  readonly next?: string;
  readonly note?: string;
}

test('what was changed is in the audit, page by page and as lines, with who and from where', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 3 });
  for (const name of ['One', 'Two', 'Three']) {
    await actions.ask('POST', '/connectors', { name, freeEmailProviders: 'allow' });
  }
  const page = async (query: Record<string, string>) => (await actions.ask('GET', '/audit', undefined, query)) as Page;
  const first = await page({ limit: '2' });
  assert.deepEqual(
    first.entries.map(({ action, caller, result }) => [action, caller, result?.kind]),
    Array.from({ length: 2 }, () => [
      'add-connector',
      { program: 'console', name: 'ann', role: 'admin', from: '10.0.0.7' },
      'done',
    ]),
  );
  const second = await page({ limit: '2', cursor: first.next ?? '' });
  assert.deepEqual([second.entries.length, second.next], [1, undefined]);
  assert.deepEqual((await page({ who: 'nobody' })).entries, []);
  assert.equal((await actions.lines('/audit/export')).length, 3);
  const invalid = await actions.refused('GET', '/audit', undefined, { cursor: 'x y' });
  assert.deepEqual([invalid.status, invalid.code], [400, 'console.request-invalid']);
  actions.cluster.existing.delete(actions.cluster.topics.audit.name);
  assert.match((await page({})).note ?? '', /audit\.v1 does not exist yet; create it with "astrolabe topics apply/);
});

test('dead letters are exported as the command line does, and redriven with an edit', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 3 });
  const lines = await actions.lines('/dead-letters/export', { connector: 'acme' });
  assert.equal(lines.length, 3);
  const [line = ''] = lines;
  assert.match(line, /^\{"position":".*"event":\{.*\}\}\n$/);
  const edited = { lines: [line.replace('"event":"E"', '"event":"F"')] };
  const done = (await actions.ask('POST', '/dead-letters/redrive-edited', edited)) as JobAnswer;
  assert.deepEqual([done.state, done.counts?.['redriven'], done.counts?.['edited']], ['done', 1, 1]);
  assert.equal(sentBack(actions.cluster).length, 1);
  assert.deepEqual(await actions.ask('GET', `/jobs/${done.id}`), done);
  const again = await actions.refused('POST', '/dead-letters/redrive-edited', edited);
  assert.deepEqual([again.status, again.code], [409, 'console.plan-changed']);
  for (const bad of ['{"position"', '{"position":"other:0:0"}', (lines[1] ?? '').replace('"userId":', '"user":')]) {
    const refused = await actions.refused('POST', '/dead-letters/redrive-edited', { lines: [bad] });
    assert.deepEqual([refused.status, refused.code], [422, 'console.selection-refused'], bad);
  }
  assert.equal(sentBack(actions.cluster).length, 1);
  const audit = await actions.lines('/audit/export');
  assert.match(audit.join(''), /"action":"redrive-edited"/);
  assert.doesNotMatch(audit.join(''), /"F"/, 'no payload is recorded');
});

test('an export of a selection that does not exist, or where values are masked, is refused before it begins', async (t) => {
  const actions = await openTestActions(t, { deadLetters: 1 });
  const refused = await actions.refused('GET', '/dead-letters/export', undefined, { topic: 'nothing' });
  assert.equal(refused.code, 'console.selection-refused');
  const masked = await openTestActions(t, { deadLetters: 1, isMasked: true });
  assert.equal((await masked.refused('GET', '/dead-letters/export')).code, 'console.values-masked');
});

test('lines are handed over one at a time, and a reader who leaves ends the writing', async () => {
  const leaving = new AbortController();
  const channel = new LineChannel(leaving.signal);
  const lines = channel[Symbol.asyncIterator]();
  const first = channel.put('1\n');
  assert.deepEqual(await lines.next(), { done: false, value: '1\n' });
  await first;
  const second = channel.put('2\n');
  leaving.abort(new Error('the client left'));
  await assert.rejects(second, /the client left/);
  await assert.rejects(channel.put('3\n'), /the client left/);
});

test('lines that are put at the same time are all handed over', async () => {
  const channel = new LineChannel(new AbortController().signal);
  const putting = Promise.all(['1', '2', '3'].map((line) => channel.put(line))).then(() => channel.end());
  const taken: string[] = [];
  for await (const line of channel) taken.push(line);
  await putting;
  assert.deepEqual(taken, ['1', '2', '3']);
});

test('a failure while lines are made is told to who reads them', async () => {
  const channel = new LineChannel(new AbortController().signal);
  const lines = channel[Symbol.asyncIterator]();
  const next = lines.next();
  channel.fail(new Error('no broker answers'));
  await assert.rejects(next, /no broker answers/);
});
