/**
 * The write key that a request holds in its body, found without parsing it. Whether the sender is known decides what
 * its body may cost: `JSON.parse` can take a hundred times as long as this, which looks at each byte at most twice.
 */
import { findMembers, skipWhitespace, startOfText, type JsonMember } from '@astrolabe/segment';
import type { Endpoint } from '../request/endpoints.ts';

/**
 * Of a body that is JSON: what `parseRequest` reads as its write key, to the letter. Of any other body that key,
 * another text or undefined; never throws. Beside the batch, in the event, or in the first event of a batch.
 */
export function findWriteKey(endpoint: Endpoint, body: Buffer): string | undefined {
  try {
    const start = skipWhitespace(body, startOfText(body));
    if (body[start] !== OPEN_BRACE) return undefined;
    const [writeKey, batch] = findMembers(body, start, endpoint.kind === 'batch' ? WITH_BATCH : ALONE);
    const key = readKey(body, writeKey);
    if (key !== undefined || batch === undefined || body[batch.start] !== OPEN_BRACKET) return key;
    const first = skipWhitespace(body, batch.start + 1);
    return body[first] === OPEN_BRACE ? readKey(body, findMembers(body, first, ALONE)[0]) : undefined;
  } catch {
    // The text ends too early, or a name or the key is not a string of JSON.
    return undefined;
  }
}

const ALONE = ['writeKey'];
const WITH_BATCH = ['writeKey', 'batch'];

function readKey(body: Buffer, member: JsonMember | undefined): string | undefined {
  if (member === undefined || body[member.start] !== QUOTE) return undefined;
  const key = JSON.parse(body.toString('utf8', member.start, member.end)) as string;
  return key === '' ? undefined : key;
}

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
