/** Where the reader is: the address bar, and nothing beside it. */
import { signal } from '@preact/signals';
import { hrefOf, routeOf, toSearch, type Query, type Route } from '../core/routes.ts';

/** With both slashes: `/`, or `/console/`. The server writes it into the page. */
export const base = new URL(
  document.querySelector<HTMLMetaElement>('meta[name="console-base"]')?.content ?? '/',
  location.href,
).pathname;

const read = (): Route => routeOf(base, location.pathname, location.search);

export const route = signal<Route>(read());

export function href(parts: readonly string[], query: Query = {}): string {
  return hrefOf(base, parts, query);
}

export function navigate(to: string): void {
  history.pushState(null, '', to);
  route.value = read();
  scrollTo(0, 0);
}

/** Filters of the page in view; the address before is replaced, so that Back leads to the page before. */
export function setQuery(query: Query): void {
  history.replaceState(null, '', location.pathname + toSearch(query));
  route.value = read();
}

export function followLinks(): void {
  addEventListener('popstate', () => {
    route.value = read();
  });
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link?.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    if (!`${link.pathname}/`.startsWith(base) || link.pathname.startsWith(`${base}api/`)) return;
    event.preventDefault();
    navigate(link.href);
  });
}
