import type { DeadLetterGroupAnswer } from '../../api/answers.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Ago, Count } from '../../components/figures/moments.ts';
import { Visible } from '../../components/text/visible.ts';
import type { Query } from '../../core/routes.ts';

export interface GroupTableProps {
  readonly groups: readonly DeadLetterGroupAnswer[];
  /** Filters that stay when a group is opened. */
  readonly query: Query;
}

export function GroupTable({ groups, query }: GroupTableProps): Children {
  const columns: readonly Column<DeadLetterGroupAnswer>[] = [
    {
      name: 'Cause',
      cell: ({ code, connector, source, cause }) => html`
        ${h(Link, { to: ['dead-letters'], query: { ...query, topic: source, connector, code }, children: html`<code>${h(Visible, { text: code })}</code>` })}
        ${
          cause === undefined
            ? null
            : html`<div class="faint">${cause.meaning}</div>
                <div>For the <strong>${cause.whoActs}</strong> to act.</div>`
        }
      `,
    },
    {
      name: 'Connector',
      cell: ({ connector }) =>
        h(Link, { to: ['connectors', connector], children: h(Visible, { text: connector, maxLength: 60 }) }),
    },
    { name: 'Waiting', isNumber: true, cell: ({ waiting }) => h(Count, { value: waiting }) },
    { name: 'First and last', cell: ({ first, last }) => html`${h(Ago, { at: first })}<br />${h(Ago, { at: last })}` },
    {
      name: 'The newest one',
      cell: ({ topic, sample: { message, partition, offset } }) =>
        h(Link, {
          to: ['dead-letters', topic, String(partition), offset],
          children: h(Visible, { text: message === '' ? 'without a message' : message, maxLength: 140 }),
        }),
    },
  ];
  return h(DataTable<DeadLetterGroupAnswer>, {
    caption: 'Dead letters by cause and connector',
    rows: groups,
    columns,
    keyOf: ({ topic, code, connector }) => JSON.stringify([topic, code, connector]),
  });
}
