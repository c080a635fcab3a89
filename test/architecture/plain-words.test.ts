import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAX_COMMENT_COLUMNS, brokenRules, longCommentLines, readableFiles, wordRules } from './plain-words.ts';
import { root } from './source-files.ts';

test('no file uses a word that has a plain one, and no comment line is longer than 120 columns', () => {
  const problems = readableFiles().flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const words = brokenRules(`${path}\n${text}`).map(
      ({ rule, found }) => `${path}: instead of "${rule.word}" write ${rule.instead}: …${found}…`,
    );
    const lines = longCommentLines(path, text).map(
      (line) => `${path}:${String(line)}: a comment line has more than ${String(MAX_COMMENT_COLUMNS)} columns`,
    );
    return [...words, ...lines];
  });
  assert.deepEqual(problems, []);
});

test('a table cell of the documentation has at most two sentences', () => {
  const problems = readableFiles()
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => longCells(path));
  assert.deepEqual(problems, []);
});

test('the rules find words in prose, in names of every casing and over line breaks', () => {
  const bad: Readonly<Record<string, readonly string[]>> = {
    mend: ['mendRequestFrame', 'src/speed-mends.ts', 'is mended since', 'MENDED_AT'],
    stay: ['one stay of a partition', "a partition's stay", 'partitionStay', 'const stay = 1', 'stayOf(partition)'],
    twin: ['the twin in memory', 'producerTwin'],
    letter: ['const letter = read()', 'a\n * letter', 'redriveLetters'],
    'is no': ['which is no id', 'these are\n// no events'],
    standing: ['lane.standing'],
    'try on': ['tryOn(', 'src/try-on.ts'],
  };
  for (const [word, texts] of Object.entries(bad)) {
    for (const text of texts) assert.ok(names(text).includes(word), `"${word}" in: ${text}`);
  }
});

test('the rules leave ordinary words alone', () => {
  const good = [
    'we recommend and amend it',
    'the others stay open, and suppressed users stay so',
    'what stays in order stays',
    'intertwined; outdoors; a workstation; outstanding',
    'a dead\n * letter and deadLetterTopic',
    'up to 100 letters, digits, dots',
    'there is no broker, and it is no longer read',
    'try one after the other',
  ];
  for (const text of good) assert.deepEqual(names(text), [], text);
});

test('each rule has a word of its own', () => {
  const words = wordRules.map(({ word }) => word);
  assert.deepEqual([...new Set(words)], words);
});

function names(text: string): readonly string[] {
  return brokenRules(text).map(({ rule }) => rule.word);
}

function longCells(path: string): readonly string[] {
  let isCode = false;
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trimStart().startsWith('```')) isCode = !isCode;
      if (isCode || !line.startsWith('|')) return [];
      return line
        .split(/(?<!\\)\|/)
        .filter((cell) => sentences(cell) > 2)
        .map((cell) => `${path}:${String(index + 1)}: more than two sentences: ${cell.trim().slice(0, 60)}…`);
    });
}

/** Counts what ends with a full stop, and what is left after the last one. */
function sentences(cell: string): number {
  const prose = cell
    .replace(/`[^`]*`/g, 'x')
    .replaceAll('**', '')
    .trim();
  return prose.split(/[.!?](?:\s+|$)/).filter((part) => part.trim() !== '').length;
}
