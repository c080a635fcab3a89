/** How the topics of the cluster differ from those that the pipeline declares. */
import { useSignal } from '@preact/signals';
import type { TopicsAnswer } from '../../api/answers.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Badge, type Tone } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { Findings } from '../../components/findings.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Ago, Seconds } from '../../components/figures/moments.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted } from '../../core/digits.ts';
import { panelOf } from '../../core/resource-state.ts';
import { api, changes } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { ApplyDialog } from './apply-dialog.ts';

type TopicsValue = Extract<TopicsAnswer['topics'], { kind: 'ready' }>['value'];
type Topic = TopicsValue['topics'][number];

const TONES: Readonly<Record<Topic['state'], Tone>> = { 'in order': 'good', missing: 'bad', differs: 'warn' };

const COLUMNS: readonly Column<Topic>[] = [
  { name: 'Topic', cell: ({ name }) => html`<code>${h(Visible, { text: name })}</code>` },
  { name: 'State', cell: ({ state }) => h(Badge, { tone: TONES[state], children: state }) },
  { name: 'Partitions', isNumber: true, cell: ({ partitions }) => String(partitions) },
  {
    name: 'Kept',
    cell: ({ cleanupPolicy, retentionHours }) =>
      cleanupPolicy === 'compact'
        ? 'the last of each key'
        : retentionHours === undefined
          ? 'without end'
          : h(Seconds, { seconds: retentionHours * 3_600 }),
  },
  { name: 'Key and value', cell: ({ key, value }) => html`<span class="faint">${key};<br />${value}</span>` },
];

export function TopicsPage(): Children {
  const resource = useResource((signal) => api.get<TopicsAnswer>('/topics', {}, signal), { key: 'topics' });
  const shown = panelOf(resource.state, (body) => body.topics);
  return html`
    ${h(PageHead, { title: 'Topics', intro: 'The topics that the pipeline declares, and what the brokers have of them.' })}
    ${h(Loaded<TopicsValue>, { shown, onRetry: resource.reload, children: (value) => h(Topics, { value, at: shown.kind === 'ready' ? shown.at : '', onChange: resource.reload }) })}
  `;
}

interface TopicsProps {
  readonly value: TopicsValue;
  readonly at: string;
  readonly onChange: () => void;
}

function Topics({ value: { isInOrder, topics, plan, problems }, at, onChange }: TopicsProps): Children {
  const isApplying = useSignal(false);
  const steps = stepsOf(plan);
  return html`
    <p>
      ${isInOrder ? h(Badge, { tone: 'good', children: 'in order' }) : h(Badge, { tone: 'bad', children: 'not in order' })}
      <span class="faint">looked at ${h(Ago, { at })}</span>
    </p>
    ${
      steps.length === 0
        ? null
        : html`<section class="panel" aria-labelledby="plan">
            <h2 id="plan">What “apply” would do</h2>
            <ul>
              ${steps.map((step) => html`<li>${step}</li>`)}
            </ul>
            <p>
              ${h(ActionButton, { action: 'apply-topics', isMain: true, onClick: () => (isApplying.value = true), children: 'Apply' })}
            </p>
          </section>`
    }
    ${plan.refused.map(({ name, from, to }) => html`<p class="note warn"><code>${name}</code> has ${counted(from, 'partition')} instead of ${to}, and none is added: keys would move to others. docs/operating.md says how to change that.</p>`)}
    ${problems.length === 0 ? null : h(Findings, { findings: problems })}
    ${h(DataTable<Topic>, { caption: 'Topics', rows: topics, columns: COLUMNS, keyOf: ({ name }) => name })}
    ${
      isApplying.value
        ? h(ApplyDialog, {
            title: 'Apply to the topics',
            verb: `Make ${counted(steps.length, 'change')}`,
            apply: changes.applyTopics,
            onClose: () => {
              isApplying.value = false;
              onChange();
            },
            children: html`<ul>
                ${steps.map((step) => html`<li>${step}</li>`)}
              </ul>
              <p class="faint">Nothing is deleted, and no topic becomes smaller.</p>`,
          })
        : null
    }
  `;
}

function stepsOf({ create, addPartitions, configure }: TopicsValue['plan']): readonly Children[] {
  return [
    ...create.map(
      ({ name, partitions, replicationFactor }) =>
        html`create <code>${name}</code> with ${counted(partitions, 'partition')}, each
          ${counted(replicationFactor, 'time')}`,
    ),
    ...addPartitions.map(
      ({ name, from, to }) => html`give <code>${name}</code> ${counted(to, 'partition')} instead of ${from}`,
    ),
    ...configure.flatMap(({ name, changes: settings }) =>
      settings.map(
        ({ setting, from, to }) =>
          html`set <code>${setting}</code> of <code>${name}</code> to
            <code>${h(Visible, { text: to })}</code
            >${from === undefined ? '' : html`, which is <code>${h(Visible, { text: from })}</code> now`}`,
      ),
    ),
  ];
}
