import type { LiveRow } from '../../api/answers.ts';
import { Badge, type Tone } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { Visible } from '../../components/text/visible.ts';

const WORDS: Readonly<Record<LiveRow['topic'], readonly [Tone, string]>> = {
  events: ['busy', 'event'],
  commands: ['busy', 'command'],
  'replayed-commands': ['busy', 'replayed'],
  deliveries: ['good', 'delivery'],
  'dead-letters': ['bad', 'dead letter'],
};

const COLUMNS: readonly Column<LiveRow>[] = [
  { name: 'Time', cell: ({ at }) => h(Moment, { at }) },
  { name: 'What', cell: what },
  { name: 'Connector', cell: ({ connector }) => optional(connector) },
  {
    name: 'Type',
    cell: ({ type, event }) =>
      html`${optional(type)}${event === undefined ? null : html` ${h(Visible, { text: event, maxLength: 80 })}`}`,
  },
  { name: 'User or account', cell: ({ user, account }) => optional(user ?? account) },
  { name: 'Result', cell: result },
  { name: 'Trail', cell: trail },
];

const drawn = new WeakMap<LiveRow, Children>();

export function LiveTable({ rows }: { readonly rows: readonly LiveRow[] }): Children {
  return h(DataTable<LiveRow>, {
    caption: 'Live rows, newest first',
    rows,
    columns: COLUMNS,
    drawn,
    keyOf: ({ topic, topicName, partition, offset }) => `${topic} ${topicName} ${partition} ${offset}`,
    toneOf: ({ topic }) => (topic === 'dead-letters' ? 'bad-row' : undefined),
  });
}

function what({ topic, outcome }: LiveRow): Children {
  const [tone, word] = WORDS[topic];
  return h(Badge, { tone: outcome === 'dead-lettered' ? 'bad' : tone, children: word });
}

function result({ outcome, status, code, message }: LiveRow): Children {
  if (code !== undefined)
    return html`<code>${h(Visible, { text: code })}</code> ${h(Visible, { text: message ?? '', maxLength: 120 })}`;
  if (outcome === undefined) return null;
  return `${outcome}${status === undefined ? '' : `, ${status}`}`;
}

function trail({ messageId, commandId }: LiveRow): Children {
  const [kind, id] = commandId === undefined ? (['message', messageId] as const) : (['command', commandId] as const);
  return id === undefined
    ? null
    : h(Link, { to: ['trail', kind, id], children: h(Visible, { text: id, maxLength: 18 }) });
}

function optional(text: string | undefined): Children {
  return text === undefined ? null : h(Visible, { text, maxLength: 60 });
}
