/**
 * Finds the write key in a request's body without parsing it. What a body may cost depends on whether its sender is
 * known: `JSON.parse` can take a hundred times as long as this scan, which looks at each byte at most twice.
 */
import { findMembers, skipWhitespace, startOfText, type JsonMember } from '@astrolabe/segment';
import type { Endpoint } from '../request/endpoints.ts';

/**
 * For a JSON body, returns exactly what `parseRequest` reads as its write key: beside the batch, in the event, or in a
 * batch's first event. For any other body it returns that key, another text or undefined. Never throws.
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
    // The text ends too early, or a name or the key is not a JSON string.
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
