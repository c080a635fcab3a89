/** How far each service is behind, by partition and connector, and how that was in the last hours. */
import { useMemo } from 'preact/hooks';
import type { LagAnswer, LagHistoryAnswer, LagValue } from '../../api/answers.ts';
import { Chart } from '../../components/figures/chart.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { FilterForm } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count, Seconds } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded, Panel } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatRate, groupDigits } from '../../core/digits.ts';
import { panelOf, shownOf } from '../../core/resource-state.ts';
import { formatDuration } from '../../core/times.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

const REFRESH_MS = 5_000;
const HISTORY_REFRESH_MS = 15_000;

type ServiceLag = LagValue['services'][number];
type PartitionLag = ServiceLag['partitions'][number];

export function LagPage({ route }: PageProps): Children {
  const resource = useResource((signal) => api.get<LagAnswer>('/lag', {}, signal), {
    key: 'lag',
    refreshMs: REFRESH_MS,
  });
  const shown = panelOf(resource.state, (body) => body.lag);
  const services = shown.kind === 'ready' ? shown.value.services : [];
  const service = route.query['service'] ?? services[0]?.service ?? '';
  const { partition, connector } = route.query;
  return html`
    ${h(PageHead, { title: 'Lag', intro: 'What is on the topics and not read yet, and how old it is.' })}
    ${h(Loaded<LagValue>, { shown, onRetry: resource.reload, children: ({ services: all }) => html`<div class="grid">${all.map((each) => h(ServiceTotal, { lag: each }))}</div>` })}
    ${
      service === ''
        ? null
        : html`
            ${h(FilterForm, {
              label: 'What the chart shows',
              fields: [
                {
                  kind: 'choice',
                  name: 'service',
                  initial: service,
                  label: 'Service',
                  choices: services.map((each) => [each.service, each.service] as const),
                },
                { kind: 'text', name: 'partition', label: 'Partition' },
                { kind: 'text', name: 'connector', label: 'Connector' },
              ],
            })}
            ${h(History, { service, partition, connector })}
          `
    }
    ${services.map((each) => h(ServiceDetail, { lag: each }))}
  `;
}

function ServiceTotal({ lag }: { readonly lag: ServiceLag }): Children {
  const { service, topic, total, held, recreated } = lag;
  const { records, isEstimate, behindSeconds, inPerSecond, outPerSecond, catchUpSeconds } = total;
  return html`<section class="panel" aria-label=${`Lag of ${service}`}>
    <h2>${service}</h2>
    <p class="big">${isEstimate ? 'about ' : ''}${counted(records, 'record')}</p>
    <dl class="facts">
      <dt>Reads</dt>
      <dd>${topic}</dd>
      <dt>Oldest</dt>
      <dd>${records === 0 ? 'nothing waits' : h(Seconds, { seconds: behindSeconds })}</dd>
      <dt>In and out</dt>
      <dd>${rate(inPerSecond)} and ${rate(outPerSecond)} a second</dd>
      <dt>Caught up</dt>
      <dd>
        ${records === 0 ? 'now' : catchUpSeconds === undefined ? 'not at this rate' : html`in ${h(Seconds, { seconds: catchUpSeconds })}`}
      </dd>
    </dl>
    ${held.map(
      ({ topic: name, partition, fromOffset, transactionalId }) =>
        html`<p class="note warn">
          An open transaction${transactionalId === undefined ? '' : html` of ${h(Visible, { text: transactionalId })}`}
          holds ${name}, partition ${partition}, from offset ${groupDigits(fromOffset)} on. It ends with its process or
          after its time-out.
        </p>`,
    )}
    ${recreated.map(
      ({ partition, nextOffset }) =>
        html`<p class="note bad">
          The position of partition ${partition}, ${groupDigits(nextOffset)}, belongs to an earlier topic of that name.
          Reading has stopped there; choose an offset with the command line.
        </p>`,
    )}
  </section>`;
}

function rate(perSecond: number | undefined): string {
  return perSecond === undefined ? 'not known' : formatRate(perSecond);
}

const COLUMNS: readonly Column<PartitionLag>[] = [
  { name: 'Partition', isNumber: true, cell: ({ partition }) => String(partition) },
  {
    name: 'Records',
    isNumber: true,
    cell: ({ records, isEstimate }) => html`${isEstimate ? '≈ ' : ''}${h(Count, { value: records })}`,
  },
  { name: 'Oldest', isNumber: true, cell: ({ behindSeconds }) => h(Seconds, { seconds: behindSeconds }) },
  {
    name: 'Committed',
    isNumber: true,
    cell: ({ committed }) => (committed === undefined ? '–' : h(Count, { value: committed })),
  },
  { name: 'End', isNumber: true, cell: ({ endOffset }) => h(Count, { value: endOffset }) },
  { name: 'In /s', isNumber: true, cell: ({ inPerSecond }) => rate(inPerSecond) },
  { name: 'Out /s', isNumber: true, cell: ({ outPerSecond }) => rate(outPerSecond) },
];

function ServiceDetail({ lag: { service, partitions, connectors } }: { readonly lag: ServiceLag }): Children {
  return html`<section class="panel" aria-label=${`Partitions of ${service}`}>
    <h2>${service} by partition</h2>
    ${h(DataTable<PartitionLag>, { caption: `Lag of ${service} by partition`, rows: partitions, columns: COLUMNS, keyOf: ({ partition }) => String(partition) })}
    ${
      connectors.length === 0
        ? null
        : html`<h3>By connector</h3>
            <ul class="rows">
              ${connectors.map(({ connector, records }) => html`<li>${h(Link, { to: ['connectors', connector], children: h(Visible, { text: connector }) })} <span>about ${counted(records, 'record')}</span></li>`)}
            </ul>`
    }
  </section>`;
}

interface HistoryProps {
  readonly service: string;
  readonly partition: string | undefined;
  readonly connector: string | undefined;
}

function History({ service, partition, connector }: HistoryProps): Children {
  const query = { service, partition, connector };
  const resource = useResource((signal) => api.get<LagHistoryAnswer>('/lag/history', query, signal), {
    key: JSON.stringify(query),
    refreshMs: HISTORY_REFRESH_MS,
  });
  const shown = shownOf(resource.state);
  const hours = shown.kind === 'ready' ? shown.value.keptHours : 6;
  return h(Panel<LagHistoryAnswer>, {
    title: `The last ${counted(hours, 'hour')}`,
    shown,
    onRetry: resource.reload,
    children: (history) => h(HistoryChart, { history }),
  });
}

function HistoryChart({ history }: { readonly history: LagHistoryAnswer }): Children {
  const { points, service, unavailable } = history;
  const times = useMemo(() => points.map(({ at }) => at), [points]);
  const lines = useMemo(
    () => [
      {
        name: 'records behind',
        values: points.map(({ records }) => records),
        format: (value: number) => groupDigits(Math.round(value)),
      },
      {
        name: 'age of the oldest',
        values: points.map(({ behindSeconds }) => behindSeconds ?? null),
        format: (value: number) => formatDuration(value * 1_000),
      },
    ],
    [points],
  );
  return html`
    ${unavailable === undefined ? null : html`<p class="note warn">Nothing new is known: ${sentence(unavailable)}</p>`}
    ${points.length === 0 ? h(EmptyNote, { title: 'There is no history yet.', children: 'The console keeps what it sees from its start on.' }) : h(Chart, { label: `Lag of ${service}: records behind, and the age of the oldest`, times, lines })}
  `;
}
