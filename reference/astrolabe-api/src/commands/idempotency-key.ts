import { buildProblem, type Problem } from '../http/problem.ts';

/** An sf-string of RFC 9651: printable ASCII in double quotes, with quotes and backslashes escaped. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;

/** Bare, without the characters that would reveal a list of values (a header given twice) or a broken quotation. */
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/;

const MAX_CHARACTERS = 255;

export type KeyReading =
  { readonly kind: 'key'; readonly key: string } | { readonly kind: 'problem'; readonly problem: Problem };

/** Reads the `Idempotency-Key` header of draft-ietf-httpapi-idempotency-key-header-07; the bare form is tolerated. */
export function readIdempotencyKey(header: string | readonly string[] | undefined): KeyReading {
  if (header === undefined || header === '') {
    return refuse(
      'idempotency-key-missing',
      'a write needs the header Idempotency-Key; send the id of the command in it',
    );
  }
  const text = typeof header === 'string' ? header.trim() : '';
  const key = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? BARE.exec(text)?.[0];
  if (key === undefined || key.length > MAX_CHARACTERS) {
    return refuse(
      'idempotency-key-invalid',
      `Idempotency-Key must be one string of 1 to ${MAX_CHARACTERS} printable ASCII characters in double quotes`,
    );
  }
  return { kind: 'key', key };
}

function refuse(code: 'idempotency-key-missing' | 'idempotency-key-invalid', detail: string): KeyReading {
  return { kind: 'problem', problem: buildProblem(400, code, detail) };
}
