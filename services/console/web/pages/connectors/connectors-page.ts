/** Every connector with how it is doing. */
import type { ConnectorDelivery, ConnectorRates, ConnectorsAnswer, ConnectorSettings } from '../../api/answers.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { FilterForm, type FilterField } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count } from '../../components/figures/moments.ts';
import { EmptyNote, ProblemNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatRate } from '../../core/digits.ts';
import { panelOf, type ResourceState, type Shown } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { offer } from '../../state/session.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { StateBadges } from './state-badges.ts';

const FIELDS: readonly FilterField[] = [
  { kind: 'text', name: 'find', label: 'Name or id' },
  {
    kind: 'choice',
    name: 'state',
    label: 'State',
    choices: [
      ['', 'Any'],
      ['trouble', 'In trouble'],
      ['enabled', 'Switched on'],
      ['disabled', 'Switched off'],
    ],
  },
];

const REFRESH_MS = 5_000;
/** A table of thousands would be slow to draw; filters lead to the rest. */
const MAX_ROWS = 200;

interface Row {
  readonly settings: ConnectorSettings;
  readonly delivery: ConnectorDelivery | undefined;
  readonly rates: ConnectorRates | undefined;
  readonly dead: number | undefined;
}

export function ConnectorsPage({ route }: PageProps): Children {
  const resource = useResource((signal) => api.get<ConnectorsAnswer>('/connectors', {}, signal), {
    key: 'connectors',
    refreshMs: REFRESH_MS,
  });
  const { state, reload: onRetry } = resource;
  const shown = panelOf(state, (body) => body.settings);
  return html`
    ${h(PageHead, { title: 'Connectors', intro: 'Customers’ connections from Segment to Astrolabe.', actions: addLink() })}
    ${h(FilterForm, { label: 'Filter the connectors', fields: FIELDS })} ${partNotes(state)}
    ${h(Loaded<{ connectors: ConnectorSettings[] }>, {
      shown,
      onRetry,
      children: ({ connectors }) => table(rowsOf(connectors, state), route.query),
    })}
  `;
}

function addLink(): Children {
  const offered = offer('add-connector');
  return offered.kind === 'offered'
    ? h(Link, { to: ['connectors', 'new'], class: 'button main', children: 'Add a connector' })
    : html`<span class="withheld">Adding is not offered. ${offered.reason}</span>`;
}

/** The settings are the rows; what else is known stands beside them, or why it is not known. */
function partNotes(state: ResourceState<ConnectorsAnswer>): Children {
  const parts: readonly (readonly [string, Shown<unknown>])[] = [
    ['Circuits and calls in flight', panelOf(state, (body) => body.delivery)],
    ['Rates', panelOf(state, (body) => body.rates)],
    ['Dead letters', panelOf(state, (body) => body.deadLetters)],
  ];
  if (state.kind !== 'ready') return null;
  return parts.map(([name, shown]) => {
    if (shown.kind === 'failed')
      return h(ProblemNote, {
        problem: { ...shown.problem, detail: `${name} are not known. ${sentence(shown.problem.detail)}` },
      });
    if (shown.kind === 'ready' && shown.stale !== undefined)
      return html`<p class="note warn">${name} are old: ${sentence(shown.stale)}</p>`;
    return null;
  });
}

function rowsOf(connectors: readonly ConnectorSettings[], state: ResourceState<ConnectorsAnswer>): readonly Row[] {
  const byConnector = <Item extends { connector: string }>(
    shown: Shown<{ connectors: readonly Item[] }>,
  ): ReadonlyMap<string, Item> =>
    new Map(shown.kind === 'ready' ? shown.value.connectors.map((item) => [item.connector, item]) : []);
  const delivery = byConnector<ConnectorDelivery>(panelOf(state, (body) => body.delivery));
  const rates = byConnector<ConnectorRates>(panelOf(state, (body) => body.rates));
  const deadShown = panelOf(state, (body) => body.deadLetters);
  const dead = byConnector<{ connector: string; waiting: number }>(deadShown);
  return connectors.map((settings) => ({
    settings,
    delivery: delivery.get(settings.id),
    rates: rates.get(settings.id),
    dead: dead.get(settings.id)?.waiting ?? (deadShown.kind === 'ready' ? 0 : undefined),
  }));
}

function table(rows: readonly Row[], { find = '', state = '' }: Readonly<Record<string, string>>): Children {
  if (rows.length === 0) {
    return h(EmptyNote, {
      title: 'There is no connector yet.',
      children: 'Add one: it takes a name, and gives you the key to enter in Segment.',
    });
  }
  const wanted = find.toLowerCase();
  const matching = rows.filter(
    (row) =>
      (row.settings.id.toLowerCase().includes(wanted) || row.settings.name.toLowerCase().includes(wanted)) &&
      isInState(row, state),
  );
  if (matching.length === 0)
    return h(EmptyNote, { title: 'No connector matches.', children: 'Loosen the filters above.' });
  return html`
    <p class="faint">
      ${counted(matching.length, 'connector')}${matching.length > MAX_ROWS ? `; the first ${MAX_ROWS} are shown` : ''}
    </p>
    ${h(DataTable<Row>, { caption: 'Connectors', rows: matching.slice(0, MAX_ROWS), columns: COLUMNS, keyOf: ({ settings }) => settings.id })}
  `;
}

function isInState({ settings, delivery, dead }: Row, state: string): boolean {
  if (state === 'enabled') return settings.enabled;
  if (state === 'disabled') return !settings.enabled;
  if (state !== 'trouble') return true;
  const isTroubled =
    delivery !== undefined && (delivery.isHalted || delivery.circuit !== 'closed' || delivery.lag !== undefined);
  return isTroubled || (dead ?? 0) > 0;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    name: 'Connector',
    cell: ({ settings: { id, name } }) =>
      html`${h(Link, { to: ['connectors', id], children: h(Visible, { text: name, maxLength: 60 }) })}
        <div class="faint">${h(Visible, { text: id, maxLength: 60 })}</div>`,
  },
  { name: 'State', cell: ({ settings, delivery }) => h(StateBadges, { enabled: settings.enabled, delivery }) },
  {
    name: 'In flight',
    isNumber: true,
    cell: ({ delivery }) =>
      delivery === undefined
        ? unknown()
        : html`${h(Count, { value: delivery.callsInFlight })} of ${h(Count, { value: delivery.callsLimit })}`,
  },
  {
    name: 'Waiting',
    isNumber: true,
    cell: ({ delivery }) => (delivery === undefined ? unknown() : h(Count, { value: delivery.waiting })),
  },
  {
    name: 'Received /s',
    isNumber: true,
    cell: ({ rates }) => (rates === undefined ? unknown() : formatRate(rates.receivedPerSecond)),
  },
  {
    name: 'Delivered /s',
    isNumber: true,
    cell: ({ rates }) => (rates === undefined ? unknown() : formatRate(rates.deliveredPerSecond)),
  },
  {
    name: 'Dead letters',
    isNumber: true,
    cell: ({ settings, dead }) => {
      if (dead === undefined) return unknown();
      return dead === 0
        ? '0'
        : h(Link, { to: ['dead-letters'], query: { connector: settings.id }, children: h(Count, { value: dead }) });
    },
  },
];

function unknown(): Children {
  return html`<span class="faint" title="not known">–</span>`;
}
