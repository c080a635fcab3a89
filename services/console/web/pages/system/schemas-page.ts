/** Whether the registry has the command schemas of this build. */
import { useSignal } from '@preact/signals';
import type { SchemasAnswer } from '../../api/answers.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Badge } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Ago } from '../../components/figures/moments.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted } from '../../core/digits.ts';
import { panelOf } from '../../core/resource-state.ts';
import { api, changes } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { ApplyDialog } from './apply-dialog.ts';

type SchemasValue = Extract<SchemasAnswer['schemas'], { kind: 'ready' }>['value'];
type Subject = SchemasValue['subjects'][number];

const COLUMNS: readonly Column<Subject>[] = [
  { name: 'Subject', cell: ({ subject }) => html`<code>${h(Visible, { text: subject })}</code>` },
  { name: 'State', cell: ({ state }) => h(Badge, { tone: state === 'registered' ? 'good' : 'bad', children: state }) },
  { name: 'Schema id', isNumber: true, cell: ({ id }) => (id === undefined ? '–' : String(id)) },
  { name: 'Compatibility', cell: ({ compatibility }) => compatibility ?? html`<span class="faint">not told</span>` },
];

export function SchemasPage(): Children {
  const resource = useResource((signal) => api.get<SchemasAnswer>('/schemas', {}, signal), { key: 'schemas' });
  const shown = panelOf(resource.state, (body) => body.schemas);
  return html`
    ${h(PageHead, { title: 'Schemas', intro: 'What commands look like on their topic, as the schema registry has it.' })}
    ${h(Loaded<SchemasValue>, { shown, onRetry: resource.reload, children: (value) => h(Schemas, { value, at: shown.kind === 'ready' ? shown.at : '', onChange: resource.reload }) })}
  `;
}

interface SchemasProps {
  readonly value: SchemasValue;
  readonly at: string;
  readonly onChange: () => void;
}

function Schemas({ value: { isInOrder, subjects }, at, onChange }: SchemasProps): Children {
  const isApplying = useSignal(false);
  const missing = subjects.filter(({ state }) => state === 'missing');
  return html`
    <p>
      ${isInOrder ? h(Badge, { tone: 'good', children: 'in order' }) : h(Badge, { tone: 'bad', children: `${counted(missing.length, 'schema')} missing` })}
      <span class="faint">looked at ${h(Ago, { at })}</span>
    </p>
    ${isInOrder ? null : html`<p>${h(ActionButton, { action: 'apply-schemas', isMain: true, onClick: () => (isApplying.value = true), children: 'Register what is missing' })}</p>`}
    ${h(DataTable<Subject>, { caption: 'Schemas of commands', rows: subjects, columns: COLUMNS, keyOf: ({ subject }) => subject })}
    ${
      isApplying.value
        ? h(ApplyDialog, {
            title: 'Register schemas',
            verb: `Register ${counted(missing.length, 'schema')}`,
            apply: changes.applySchemas,
            onClose: () => {
              isApplying.value = false;
              onChange();
            },
            children: html`<p>The registry gets the schema of this build under:</p>
              <ul>
                ${missing.map(({ subject }) => html`<li><code>${subject}</code></li>`)}
              </ul>`,
          })
        : null
    }
  `;
}
