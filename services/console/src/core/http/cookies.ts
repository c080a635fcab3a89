/** Cookies (RFC 6265bis), as the console uses them: one value, never read by scripts. */

export interface CookieOptions {
  readonly name: string;
  readonly value: string;
  /** `/` or the base path. */
  readonly path: string;
  readonly sameSite: 'Strict' | 'Lax';
  readonly isSecure: boolean;
  /** 0 removes it. */
  readonly maxAgeSeconds: number;
}

export function setCookie({ name, value, path, sameSite, isSecure, maxAgeSeconds }: CookieOptions): string {
  const attributes = [
    `${name}=${value}`,
    `Path=${path}`,
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    `SameSite=${sameSite}`,
  ];
  if (isSecure) attributes.push('Secure');
  return attributes.join('; ');
}

/**
 * The value of a cookie. Undefined if there is none, or several: a neighbour under the same domain can add one of this
 * name, and nobody can tell which is ours.
 */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/**
 * Browsers take `__Host-` over https and for the whole host only, and then from nobody but this host; `__Secure-` over
 * https only.
 */
export function cookieName(name: string, { isSecure, path }: Pick<CookieOptions, 'isSecure' | 'path'>): string {
  if (!isSecure) return name;
  return path === '/' ? `__Host-${name}` : `__Secure-${name}`;
}
