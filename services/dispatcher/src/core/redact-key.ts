/**
 * Answers that tell the caller's key again, as debugging aids of proxies and frameworks do, would put it into dead
 * letters and logs.
 */

const REDACTED = '[redacted]';

/**
 * What takes a key out of a text. The key is found as it is and as encoders write it: JSON (Go and PHP escape more than
 * they must), URLs and HTML, of which a text may mix several.
 */
export function createKeyRedactor(apiKey: string): (text: string) => string {
  if (apiKey === '') return (text) => text;
  const pattern = new RegExp(Array.from(apiKey, anyFormOf).join(''), 'g');
  return (text) => text.replace(pattern, REDACTED);
}

/** Of one character of a key, which is printable ASCII. */
function anyFormOf(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).padStart(2, '0');
  const anyCase = hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const entity = `&(?:#0*${code}|#[xX]0*${anyCase}${namedEntities.get(character) ?? ''});`;
  const escape = String.raw`\\`;
  const own = `\\x${hex}`;
  // JSON puts a backslash before `/`, `"` and the backslash, never before letters or digits.
  const plain = /[A-Za-z0-9]/.test(character) ? own : `(?:${escape})?${own}`;
  // The plain form is the last: of a key that ends in `%` or `&` it would leave the rest of `%25` or `&amp;` behind.
  return `(?:${escape}u00${anyCase}|%${anyCase}|${entity}|${plain})`;
}

const namedEntities: ReadonlyMap<string, string> = new Map([
  ['<', '|lt'],
  ['>', '|gt'],
  ['&', '|amp'],
  ['"', '|quot'],
  ["'", '|apos'],
]);
