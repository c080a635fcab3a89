/** The dead letters that match, page by page. */
import type { DeadLetterRecordsAnswer } from '../../api/answers.ts';
import { Badge } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote } from '../../components/notes.ts';
import { Panel } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { groupDigits } from '../../core/digits.ts';
import { shownOf } from '../../core/resource-state.ts';
import type { Query } from '../../core/routes.ts';
import { route } from '../../state/location.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

type RecordRow = DeadLetterRecordsAnswer['records'][number];

const COLUMNS: readonly Column<RecordRow>[] = [
  { name: 'When', cell: ({ at }) => h(Moment, { at }) },
  { name: 'Cause', cell: ({ code }) => html`<code>${h(Visible, { text: code })}</code>` },
  { name: 'Connector', cell: ({ connector }) => h(Visible, { text: connector, maxLength: 60 }) },
  { name: 'State', cell: ({ state }) => h(Badge, { tone: state === 'waiting' ? 'warn' : 'off', children: state }) },
  {
    name: 'Place',
    cell: ({ topic, partition, offset }) =>
      h(Link, {
        to: ['dead-letters', topic, String(partition), offset],
        children: `partition ${partition}, offset ${groupDigits(offset)}`,
      }),
  },
];

/** As the causes above it. */
const REFRESH_MS = 10_000;
const STATES: readonly RecordRow['state'][] = ['waiting', 'redriven', 'dismissed'];

export function RecordList({ query }: { readonly query: Query }): Children {
  const { after, state: asked } = route.value.query;
  const state = STATES.find((each) => each === asked) ?? 'waiting';
  const filter = { ...query, state };
  const resource = useResource(
    (signal) => api.get<DeadLetterRecordsAnswer>('/dead-letters/records', { ...filter, after }, signal),
    { key: JSON.stringify([filter, after]), refreshMs: REFRESH_MS },
  );
  const to = (more: Query) => ({ to: ['dead-letters'], query: { ...filter, ...more } });
  return h(Panel<DeadLetterRecordsAnswer>, {
    title: 'One by one',
    shown: shownOf(resource.state),
    onRetry: resource.reload,
    actions: html`<span class="choices" role="group" aria-label="State">
      ${STATES.map((each) => h(Link, { ...to({ state: each }), ...(each === state && { current: 'page' as const }), children: each }))}
    </span>`,
    children: ({ records, next }) =>
      records.length === 0
        ? h(EmptyNote, {
            title: `None that is ${state} matches.`,
            children: 'Choose another state, or loosen the filters.',
          })
        : html`
            ${h(DataTable<RecordRow>, {
              caption: 'Dead letters that match, newest first',
              rows: records,
              columns: COLUMNS,
              keyOf: ({ topic, partition, offset }) => `${topic} ${partition} ${offset}`,
            })}
            <div class="toolbar">
              ${after === undefined ? null : h(Link, { ...to({}), class: 'button', children: 'Back to the newest' })}
              ${next === undefined ? null : h(Link, { ...to({ after: next }), class: 'button', children: 'Older ones' })}
            </div>
          `,
  });
}
