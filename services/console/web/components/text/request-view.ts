/** The call of the Astrolabe API that a command stands for, as the dispatcher makes it. The key is not part of it. */
import type { RebuiltRequest } from '../../api/answers.ts';
import { h, html, type Children } from '../html.ts';
import { PayloadView } from './payload.ts';
import { Visible } from './visible.ts';

export function RequestView({ request }: { readonly request: RebuiltRequest }): Children {
  const { method, path, headers, body } = request;
  return html`<div class="request">
    <p class="toolbar-title">Call of the Astrolabe API, rebuilt</p>
    <p><code>${method} ${h(Visible, { text: path })}</code></p>
    <ul class="plain">
      ${headers.map(({ name, value }) => html`<li><code>${h(Visible, { text: `${name}: ${value}` })}</code></li>`)}
    </ul>
    ${h(PayloadView, { label: 'Body of the call', payload: body })}
  </div>`;
}
