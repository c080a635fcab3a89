/** What a client takes, by its headers (RFC 9110, 12.5). */

export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return (acceptEncoding ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .some((part) => /^(gzip|x-gzip|\*)(;|$)/.test(part) && !/;\s*q=0(\.0*)?$/.test(part));
}

/** Whether a page is wanted: browsers name HTML when somebody opens an address, but not for an icon or a script. */
export function acceptsPage(accept: string | undefined): boolean {
  return accept === undefined || accept === '*/*' || accept.toLowerCase().includes('text/html');
}

/** Whether the client has this version already. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch
    .split(',')
    .map((part) => part.trim())
    .some((known) => withoutWeakness(known) === withoutWeakness(etag) || known === '*');
}

/** The comparison that is meant here looks at the content, not at its encoding. */
function withoutWeakness(etag: string): string {
  return etag.replace(/^W\//, '');
}
