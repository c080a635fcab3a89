/** Credentials in URLs: `https://user:password@host/`. They belong in a header, never in a message. */

/** In text of any kind, the part of a URL up to its `@` becomes `[redacted]`. */
export function hideUrlCredentials(text: string): string {
  // A quick check first: this runs for every log line, and almost none has a URL with credentials.
  return text.includes('@') && text.includes('://') ? text.replace(USERINFO, '$1[redacted]@') : text;
}

/** Up to the last `@` before the path; a backslash ends it, since log lines are JSON. */
const USERINFO = /(:\/\/)[^\s"'`<>/?#\\]*@/g;

export interface UrlCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * A URL without its credentials and without slashes at its end, and the credentials, if it has any. `fetch` refuses
 * URLs that hold them.
 */
export function splitUrlCredentials(text: string): { readonly url: string; readonly auth: UrlCredentials | undefined } {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const auth =
    username === '' && password === ''
      ? undefined
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: url.href.replace(/\/+$/, ''), auth };
}
