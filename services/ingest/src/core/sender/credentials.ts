/** Where senders put their key. */

/**
 * Keys in an `Authorization` header, most likely first. Basic: the user name, with a colon after it (RFC 7617) or, as
 * analytics-next's node plugin sends it, without. Bearer: the token. Empty for any other header.
 */
export function keysInAuthorization(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  const match = /^(basic|bearer) +(\S+) *$/i.exec(header);
  const [, scheme, credentials] = match ?? [];
  if (scheme === undefined || credentials === undefined) return [];
  if (scheme.toLowerCase() === 'bearer') return [credentials];
  const userAndPassword = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = userAndPassword.indexOf(':');
  const user = colon === -1 ? userAndPassword : userAndPassword.slice(0, colon);
  return user === '' ? [] : [user];
}

export function isBasic(header: string | undefined): boolean {
  return header !== undefined && /^basic /i.test(header);
}

/**
 * The `Authorization` of a request. `X-Write-Key` (Jitsu's SDKs) counts as a key in Basic auth, but only without an
 * `Authorization`: a page must not override the header that a server in between adds.
 */
export function authorizationIn(headers: {
  readonly authorization?: string | undefined;
  readonly 'x-write-key'?: string | readonly string[] | undefined;
}): string | undefined {
  const { authorization, 'x-write-key': writeKey } = headers;
  if (authorization !== undefined || typeof writeKey !== 'string' || writeKey === '') return authorization;
  return `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
}
