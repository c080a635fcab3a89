import { html, type Children } from './html.ts';

export interface PageHeadProps {
  readonly title: Children;
  /** One sentence: what the page is for. */
  readonly intro?: Children;
  readonly actions?: Children;
}

/** Takes the focus when the page is opened, so that screen readers begin here. */
export function PageHead({ title, intro, actions }: PageHeadProps): Children {
  return html`<div class="page-head">
    <div>
      <h1 tabindex="-1">${title}</h1>
      ${intro ? html`<p class="intro">${intro}</p>` : null}
    </div>
    ${actions ? html`<div class="actions">${actions}</div>` : null}
  </div>`;
}
