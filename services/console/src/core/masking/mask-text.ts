/**
 * Hides values of a JSON text. The rest stays byte for byte as it was: it is never parsed and written again, so no
 * number is rounded and no name that comes twice is lost.
 */
import { parseRawJson } from '@astrolabe/json';
import type { JsonPath, PathStep } from './json-path.ts';

export interface MaskedText {
  readonly text: string;
  /** How many values were hidden. */
  readonly hidden: number;
}

const MASK = '"***"';

/** How far a path has matched on the way to a value. */
interface Reached {
  readonly steps: readonly PathStep[];
  readonly next: number;
}

interface Container {
  readonly isArray: boolean;
  readonly reached: readonly Reached[];
  /** Of the next element. */
  index: number;
}

/**
 * A text that is not JSON, in which no path can be followed, is hidden as a whole. Without paths, every text is as it
 * was.
 */
export function maskText(text: string, paths: readonly JsonPath[]): MaskedText {
  if (paths.length === 0) return { text, hidden: 0 };
  if (parseRawJson(text).kind === 'malformed') return { text: MASK, hidden: 1 };
  const containers: Container[] = [];
  const parts: string[] = [];
  let kept = 0;
  let at = skipSpace(text, 0);
  let reached: readonly Reached[] = paths.map(({ steps }) => ({ steps, next: 0 }));
  for (;;) {
    if (reached.some(({ steps, next }) => next === steps.length)) {
      parts.push(text.slice(kept, at), MASK);
      at = endOfValue(text, at);
      kept = at;
    } else if (text[at] === '{' || text[at] === '[') {
      containers.push({ isArray: text[at] === '[', reached, index: 0 });
      at = skipSpace(text, at + 1);
      if (text[at] !== '}' && text[at] !== ']') {
        ({ at, reached } = enterNext(text, at, containers));
        continue;
      }
    } else {
      at = endOfValue(text, at);
    }
    const next = leaveValue(text, at, containers);
    if (next === undefined) break;
    ({ at, reached } = enterNext(text, next, containers));
  }
  parts.push(text.slice(kept));
  return { text: parts.join(''), hidden: (parts.length - 1) / 2 };
}

/** Past what closes here. The start of the next element or name, or undefined at the end of the text. */
function leaveValue(text: string, from: number, containers: Container[]): number | undefined {
  let at = skipSpace(text, from);
  while (containers.length > 0) {
    if (text[at] === ',') return skipSpace(text, at + 1);
    containers.pop();
    at = skipSpace(text, at + 1);
  }
  return undefined;
}

/** `at` is the start of a name or of an element; what is returned, that of the value, and how far paths match there. */
function enterNext(
  text: string,
  at: number,
  containers: readonly Container[],
): { readonly at: number; readonly reached: readonly Reached[] } {
  const container = containers[containers.length - 1];
  if (container === undefined) throw new RangeError('a value outside of every container');
  if (container.isArray) {
    const reached = advance(container.reached, container.index);
    container.index += 1;
    return { at, reached };
  }
  const end = endOfString(text, at);
  const name = JSON.parse(text.slice(at, end)) as string;
  const colon = skipSpace(text, end);
  return { at: skipSpace(text, colon + 1), reached: advance(container.reached, name) };
}

function advance(reached: readonly Reached[], place: string | number): Reached[] {
  return reached.flatMap(({ steps, next }) => {
    const step = steps[next];
    if (step === undefined) return [];
    const on = isMatched(step, place) ? [{ steps, next: next + 1 }] : [];
    return step.isDescendant ? [{ steps, next }, ...on] : on;
  });
}

function isMatched(step: PathStep, place: string | number): boolean {
  switch (step.kind) {
    case 'any':
      return true;
    case 'name':
      return step.name === place;
    case 'index':
      return step.index === place;
  }
}

/** Of a valid JSON text. */
function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') {
    let at = start;
    while (at < text.length && !',]} \t\r\n'.includes(text.charAt(at))) at += 1;
    return at;
  }
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}
