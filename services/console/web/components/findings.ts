/** What was found out about the pipeline: a fact, what follows from it, and what to do. */
import type { Finding } from '../api/answers.ts';
import { Badge, type Tone } from './figures/badge.ts';
import { h, html, type Children } from './html.ts';
import { sentence } from './notes.ts';
import { Visible } from './text/visible.ts';

const TONES: Readonly<Record<Finding['level'], Tone>> = { ok: 'good', warning: 'warn', problem: 'bad' };

export function Findings({ findings }: { readonly findings: readonly Finding[] }): Children {
  return html`<ul class="findings">
    ${findings.map(
      ({ level, about, fact, meaning, remedy }) =>
        html`<li>
          <p>
            ${h(Badge, { tone: TONES[level], children: level })}
            <strong>${h(Visible, { text: about })}</strong> ${h(Visible, { text: sentence(fact), maxLength: 2_000 })}
          </p>
          ${meaning === undefined ? null : html`<p>What follows: ${h(Visible, { text: sentence(meaning), maxLength: 2_000 })}</p>`}
          ${remedy === undefined ? null : html`<p>What to do: ${h(Visible, { text: sentence(remedy), maxLength: 2_000 })}</p>`}
        </li>`,
    )}
  </ul>`;
}
