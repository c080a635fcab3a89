/** The words that this repository does not use, with the word to use instead. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './source-files.ts';

export interface WordRule {
  readonly word: string;
  readonly instead: string;
  /** Searched in plain text: lower case, camelCase and kebab-case split into words, line breaks removed. */
  readonly text?: RegExp;
  /** Searched in the text as it is, for names whose words are ordinary English in a sentence. */
  readonly name?: RegExp;
}

export const wordRules: readonly WordRule[] = [
  { word: 'mend', instead: 'fix, repair or patch', text: /\bmend(s|ed|ing)?\b/ },
  {
    word: 'stay',
    instead: 'assignment',
    text: /\b(a|the|its|this|another|whole|same|one|'s) stay\b(?! (in|on|at|as|so)\b)|\bstays? of (a|the|one) partition\b/,
    name: /[a-z0-9]Stays?(?![a-z])|\bstays?[A-Z]|\bStay[A-Z]|#stays?\b|\b(?:const|let|readonly) stays?\b|\bstays?\.[a-z]+\(/,
  },
  { word: 'twin', instead: 'in-memory fake', text: /\btwins?\b/ },
  { word: 'station', instead: 'hop', text: /\bstations?\b/ },
  { word: 'door', instead: 'endpoint', text: /\bdoors?\b/ },
  {
    word: 'letter',
    instead: 'dead letter',
    text: /(?<!\bdead |\bfirst |\bcase |\bcapital )\bletters?\b(?!, digits| and digits| or digits)/,
  },
  { word: 'standing', instead: 'blocked', text: /\bstanding\b/ },
  { word: 'hurry', instead: 'probe now', text: /\bhurr(y|ies|ied)\b/ },
  {
    word: 'is no',
    instead: 'is not a',
    text: /(?<!\b(there|here|where|it) )\b(is|are|was|were) no (?!longer\b|more\b|less\b|such\b|better\b|worse\b|one\b|place\b|room\b)/,
  },
  { word: 'for ever', instead: 'forever, or without end', text: /\bfor ever\b/ },
  { word: 'anew', instead: 'again', text: /\banew\b/ },
  { word: 'whoever', instead: 'anybody who, or name the reader', text: /\bwho(ever|mever|sever)\b/ },
  { word: 'without number', instead: 'unbounded', text: /\bwithout number\b/ },
  { word: 'amiss', instead: 'wrong', text: /\bamiss\b/ },
  { word: 'sabotage', instead: 'mutation', text: /\bsabotag(e|es|ed|ing)\b/ },
  { word: 'patience', instead: 'retry options, or time-out factor', text: /\bpatience\b/ },
  { word: 'gathering producer', instead: 'batching producer', text: /\bgathering producer\b/ },
  { word: 'gather queue', instead: 'accumulator', text: /\bgather queue\b/ },
  { word: 'work log', instead: 'changelog store', text: /\bwork logs?\b/ },
  { word: 'unit of work', instead: 'transaction batch', text: /\bunits? of work\b|\bunit writer\b/ },
  { word: 'live session', instead: 'assigned partition', text: /\blive session\b/ },
  { word: 'lane group', instead: 'connector queue', text: /\blane groups?\b/ },
  { word: 'group catch-up', instead: 'catch-up reader', text: /\bgroup catch up\b/ },
  { word: 'group cursors', instead: 'connector offsets', text: /\bgroup cursors?\b/ },
  { word: 'mark committable', instead: 'store offset', text: /\bmark committable\b/ },
  { word: 'try on', instead: 'retry until', name: /\btryOn\b|\btry-on\b/ },
  { word: 'fetch answer', instead: 'fetch response', text: /\bfetch answers?\b/ },
  { word: 'unwanted', instead: 'cancelled', text: /\bunwanted\b/ },
  { word: 'connector gate', instead: 'limiter', text: /\bconnector gates?\b/ },
  { word: 'gate line', instead: 'wait queue', text: /\bgate lines?\b/ },
  { word: 'shared slots', instead: 'bulkhead', text: /\bshared slots?\b/ },
  { word: 'state topic', instead: 'changelog topic', text: /(?<!\bcoordinator )\bstate topics?\b/ },
  { word: 'dispatch handler', instead: 'command lifecycle', text: /(?<!\.)\bdispatch handler\b/ },
  { word: 'is past for main', instead: 'releases partition offset', text: /\bis past for main\b/ },
  { word: 'dependency law', instead: 'dependency rules', text: /\bdependency law\b/ },
  { word: 'is forgotten', instead: 'evicted', name: /\bisForgotten\b/ },
  { word: 'passed over', instead: 'skipped', name: /\bpassedOver\b/ },
];

export const MAX_COMMENT_COLUMNS = 120;

const skippedFolders = new Set(['node_modules', '.git', 'corpus', 'integrity-runs', 'history']);
const skippedFiles = /^(package-lock\.json|test\/architecture\/plain-words.*)$/;
const searchedFiles = /(\.(ts|js|md|json|ya?ml|avsc|sh)|(^|\/)Dockerfile)$/;

/** Files of the repository that people read, relative to the root, with forward slashes. */
export function readableFiles(folder = root): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (skippedFolders.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return readableFiles(path);
      const name = relative(root, path).replaceAll('\\', '/');
      return entry.isFile() && searchedFiles.test(name) && !skippedFiles.test(name) ? [name] : [];
    })
    .sort();
}

/** The rules that a text breaks, each with the words around its first match. */
export function brokenRules(text: string): readonly { readonly rule: WordRule; readonly found: string }[] {
  const plain = plainText(text);
  return wordRules.flatMap((rule) => {
    const match = (rule.text && around(plain, rule.text)) ?? (rule.name && around(text, rule.name));
    return match === undefined ? [] : [{ rule, found: match }];
  });
}

/** Lines of comments that are too long, 1-based; an address cannot be wrapped. */
export function longCommentLines(path: string, text: string): readonly number[] {
  if (!/\.(ts|js)$/.test(path)) return [];
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.length > MAX_COMMENT_COLUMNS && /^\s*(\/\/|\/\*|\*)/.test(line) && !/https?:\/\//.test(line)
        ? [index + 1]
        : [],
    );
}

function plainText(text: string): string {
  return text
    .replace(/\n\s*(?:\*|\/\/|#)?\s*/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .replace(/ +/g, ' ')
    .toLowerCase();
}

function around(text: string, pattern: RegExp): string | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  return text
    .slice(Math.max(0, match.index - 30), match.index + match[0].length + 30)
    .replaceAll('\n', ' ')
    .trim();
}
