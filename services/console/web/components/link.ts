import type { Query } from '../core/routes.ts';
import { href } from '../state/location.ts';
import { html, type Children } from './html.ts';

export interface LinkProps {
  readonly to: readonly string[];
  readonly query?: Query;
  readonly class?: string;
  /** That the page is the one in view. */
  readonly current?: 'page';
  readonly children: Children;
}

/** To a page of the console: `to` is its path, part by part. */
export function Link({ to, query = {}, class: name, current, children }: LinkProps): Children {
  return html`<a href=${href(to, query)} class=${name} aria-current=${current}>${children}</a>`;
}
