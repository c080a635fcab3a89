/**
 * Where to go after the log-in: a page of this console, as path and query below the base path. Anything else, such as
 * the address of another site, becomes the first page.
 */
export function returnPath(asked: string | undefined): string {
  if (asked?.startsWith('/') !== true || asked.length > 1_000) return '/';
  const url = URL.parse(asked, 'http://console.invalid');
  // `//evil.example` and `/\evil.example` are addresses of other hosts.
  if (url?.origin !== 'http://console.invalid') return '/';
  const path = `${url.pathname}${url.search}`;
  return path.startsWith('//') || path.startsWith('/api/') ? '/' : path;
}
