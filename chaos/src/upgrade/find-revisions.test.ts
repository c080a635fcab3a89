import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRevisions, type FoundRevisions } from './find-revisions.ts';
import type { Git, GitAnswer } from './git.ts';

const done = (text: string): GitAnswer => ({ kind: 'done', text: `${text}\n` });
const failed = (reason: string): GitAnswer => ({ kind: 'failed', reason });

/** A clone with two commits, but for what a test says. */
function gitOf(changes: Readonly<Record<string, GitAnswer>> = {}): Git {
  const answers: Readonly<Record<string, GitAnswer>> = {
    'rev-parse --show-toplevel': done('/clone'),
    'rev-parse --verify --quiet HEAD~1^{commit}': done('aaaa1111'),
    'rev-parse HEAD': done('bbbb2222'),
    'rev-parse --is-shallow-repository': done('false'),
    'status --porcelain': { kind: 'done', text: '' },
    'log -1 --format=%h (%s) aaaa1111': done('aaaa (mapper: before)'),
    'log -1 --format=%h (%s) bbbb2222': done('bbbb (mapper: after)'),
    ...changes,
  };
  return async (...args) =>
    answers[args.join(' ')] ?? (args[0] === 'cat-file' ? done('') : failed(`unexpected: git ${args.join(' ')}`));
}

function find(git: Git, asked = 'HEAD~1'): Promise<FoundRevisions> {
  return findRevisions(git, asked, async (path) => path === '/clone');
}

async function reasonOf(kind: 'no-history' | 'unusable', git: Git, asked?: string): Promise<string> {
  const found = await find(git, asked);
  assert.ok(found.kind === kind, `${found.kind}, not ${kind}`);
  return found.reason;
}

test('the old revision is the one asked for, the new one is the tree', async () => {
  assert.deepEqual(await find(gitOf()), {
    kind: 'found',
    old: { commit: 'aaaa1111', title: 'aaaa (mapper: before)' },
    new: { commit: 'bbbb2222', title: 'bbbb (mapper: after)' },
  });
});

test('what is not committed is a part of the new revision, and told', async () => {
  const found = await find(gitOf({ 'status --porcelain': done(' M chaos/src/main.ts\n?? notes.txt') }));
  assert.ok(found.kind === 'found');
  assert.equal(found.new.title, 'bbbb (mapper: after), with 2 paths not committed');
});

test('the checked-out commit is something to upgrade from only where something is not committed', async () => {
  const head = { 'rev-parse --verify --quiet HEAD^{commit}': done('bbbb2222') };
  assert.match(await reasonOf('unusable', gitOf(head), 'HEAD'), /^HEAD is what is checked out.*earlier revision$/);
  const found = await find(gitOf({ ...head, 'status --porcelain': done(' M README.md') }), 'HEAD');
  assert.ok(found.kind === 'found');
  assert.equal(found.new.title, 'bbbb (mapper: after), with 1 path not committed');
});

test('a shallow clone that lacks the revision is told from a revision that there is not', async () => {
  const unknown = { 'rev-parse --verify --quiet HEAD~1^{commit}': failed('') };
  assert.match(await reasonOf('unusable', gitOf(unknown)), /^git knows no revision HEAD~1;/);
  const shallow = { ...unknown, 'rev-parse --is-shallow-repository': done('true') };
  assert.match(await reasonOf('no-history', gitOf(shallow)), /^this clone is shallow and lacks HEAD~1\..*--unshallow/);
});

test('without git, outside a repository and in a folder of another repository, no history is found', async () => {
  const top = 'rev-parse --show-toplevel';
  assert.match(await reasonOf('no-history', gitOf({ [top]: { kind: 'no-program' } })), /no git on this machine/);
  const outside = failed('fatal: not a git repository');
  assert.match(await reasonOf('no-history', gitOf({ [top]: outside })), /\(fatal: not a git repository\)/);
  assert.match(await reasonOf('no-history', gitOf({ [top]: done('/elsewhere') })), /repository at \/elsewhere/);
});

test('a revision from before the services cannot be upgraded from', async () => {
  const git = gitOf({ 'cat-file -e aaaa1111:services/mapper/src/main.ts': failed('') });
  assert.match(await reasonOf('unusable', git), /^HEAD~1 has no services\/mapper\/src\/main\.ts/);
});

test('a question that git must be able to answer and does not is a fault', async () => {
  await assert.rejects(
    find(gitOf({ 'rev-parse HEAD': failed('bad object') })),
    /git rev-parse HEAD failed: bad object/,
  );
});
