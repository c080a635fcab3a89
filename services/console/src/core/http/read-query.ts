/** A query string as an object: one value a name. */
export type QueryReading =
  | { readonly kind: 'read'; readonly query: Readonly<Record<string, string>> }
  | { readonly kind: 'repeated'; readonly name: string };

/** `url` is the request's target, with or without a query. */
export function readQuery(url: string): QueryReading {
  const start = url.indexOf('?');
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  if (start === -1) return { kind: 'read', query };
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    // Which of the two was meant, nobody can tell: a proxy may take the first, we the last.
    if (name in query) return { kind: 'repeated', name };
    query[name] = value;
  }
  return { kind: 'read', query };
}
