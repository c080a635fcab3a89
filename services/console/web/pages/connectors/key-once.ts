/** A key that was made just now. The server does not tell it again, and the page forgets it when it is closed. */
import type { AddedConnectorAnswer, RotatedAnswer } from '../../api/answers.ts';
import { CopyButton } from '../../components/text/copy-button.ts';
import { h, html, type Children } from '../../components/html.ts';
import { PayloadView } from '../../components/text/payload.ts';

export interface KeyOnceProps {
  readonly added: Partial<Pick<AddedConnectorAnswer & RotatedAnswer, 'key' | 'json' | 'retire'>>;
}

export function KeyOnce({ added: { key, json, retire } }: KeyOnceProps): Children {
  return html`
    ${
      key === undefined
        ? null
        : html`<p class="note warn">
              This key is shown <strong>once</strong>. Copy it now; afterwards only its fingerprint is known here.
            </p>
            <p class="key-once"><code>${key}</code> ${h(CopyButton, { text: key, label: 'Copy the key' })}</p>`
    }
    ${
      retire === undefined
        ? null
        : html`<p>Senders may use the old one, <code>${retire}</code>, until you retire it on this page.</p>`
    }
    ${
      json === undefined
        ? null
        : html`<p class="note warn">
              The connectors file is mounted read-only here, so nothing was written. Put this into it, where it is kept:
            </p>
            ${h(PayloadView, { label: 'Connector for the file', payload: { kind: 'text', text: json } })}`
    }
  `;
}
