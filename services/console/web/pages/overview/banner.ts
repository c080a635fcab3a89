/** What somebody has to do now, on top of everything, each with the link that leads there. */
import type { Overview } from '../../api/answers.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted } from '../../core/digits.ts';
import type { ResourceState } from '../../core/resource-state.ts';

export function Banner({ state }: { readonly state: ResourceState<Overview> }): Children {
  if (state.kind !== 'ready') return null;
  const { connectors, deadLetters } = state.value;
  const halted = connectors.kind === 'ready' ? connectors.value.halted : [];
  const waiting = deadLetters.kind === 'ready' ? deadLetters.value.waiting : 0;
  if (halted.length === 0 && waiting === 0) return null;
  return html`<ul class="banner" aria-label="To do">
    ${halted.map(
      (connector) =>
        html`<li class="bad">
          <strong>Astrolabe refuses the key of ${h(Visible, { text: connector })}.</strong> Its commands wait, and none
          is lost. ${h(Link, { to: ['connectors', connector], children: 'Give it a key that works' })}; then
          ${h(Link, { to: ['dead-letters'], query: { connector }, children: 'redrive what failed meanwhile' })}.
        </li>`,
    )}
    ${
      waiting === 0
        ? null
        : html`<li class="warn">
            <strong>${counted(waiting, 'dead letter waits', 'dead letters wait')} for a decision.</strong>
            ${h(Link, { to: ['dead-letters'], children: 'See their causes' })}
          </li>`
    }
  </ul>`;
}
