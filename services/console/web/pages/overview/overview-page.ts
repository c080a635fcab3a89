/** What came, what became of it, what waits, and what is wrong. */
import type { Overview, Period } from '../../api/answers.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { PageHead } from '../../components/page-head.ts';
import { Panel } from '../../components/panel.ts';
import { StreamNote } from '../../components/stream-note.ts';
import { panelOf, type ResourceState } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { useStream } from '../../state/use-stream.ts';
import { Banner } from './banner.ts';
import { FunnelView } from './funnel-view.ts';
import type {
  FindingsValue,
  FreshnessValue,
  FunnelValue,
  InstancesValue,
  ThroughputValue,
  TroubleValue,
  WaitingValue,
} from './values.ts';
import { FindingList, FreshnessView, InstanceList, ThroughputView, TroubleList, WaitingList } from './panels.ts';

const PERIODS: readonly (readonly [Period, string, string])[] = [
  ['5m', '5 min', 'The last 5 minutes, against those before.'],
  ['1h', '1 hour', 'The last hour, against the one before.'],
  ['24h', '24 hours', 'The last 24 hours, against the day before.'],
];

export function OverviewPage({ route }: PageProps): Children {
  const [period, , intro] = PERIODS.find(([each]) => each === route.query['period']) ?? PERIODS[1] ?? ['1h', '', ''];
  const resource = useResource((signal) => api.get<Overview>('/overview', { period }, signal), { key: period });
  const stream = useStream(api.url('/overview/stream', { period }), (events) => {
    const last = events.findLast(({ event }) => event === 'overview');
    if (last !== undefined) resource.put(JSON.parse(last.data) as Overview);
  });
  const { state, reload: onRetry } = resource;
  return html`
    ${h(PageHead, {
      title: 'Overview',
      intro,
      actions: html`${h(StreamNote, { stream })}
        <span class="choices" role="group" aria-label="Period">
          ${PERIODS.map(([each, label]) =>
            h(Link, {
              to: [],
              query: { period: each },
              ...(each === period && { current: 'page' as const }),
              children: label,
            }),
          )}
        </span>`,
    })}
    ${h(Banner, { state })}
    <div class="grid">
      <div class="wide">
        ${h(Panel<FunnelValue>, { title: 'From event to delivery', shown: panelOf(state, (body) => body.funnel), onRetry, children: (funnel) => h(FunnelView, { funnel, waiting: waitingIn(state) }) })}
      </div>
      ${h(Panel<FreshnessValue>, { title: 'Freshness', shown: panelOf(state, (body) => body.freshness), onRetry, children: (freshness) => h(FreshnessView, { freshness }) })}
      ${h(Panel<ThroughputValue>, { title: 'Throughput', shown: panelOf(state, (body) => body.throughput), onRetry, children: (throughput) => h(ThroughputView, { throughput }) })}
      ${h(Panel<WaitingValue>, { title: 'Lag', shown: panelOf(state, (body) => body.waiting), onRetry, children: (waiting) => h(WaitingList, { waiting }) })}
      ${h(Panel<TroubleValue>, { title: 'Connectors in trouble', shown: panelOf(state, (body) => body.connectors), onRetry, children: (connectors) => h(TroubleList, { connectors }) })}
      ${h(Panel<FindingsValue>, { title: 'The doctor’s findings', shown: panelOf(state, (body) => body.findings), onRetry, children: ({ findings }) => h(FindingList, { findings }) })}
      ${h(Panel<InstancesValue>, { title: 'Instances', shown: panelOf(state, (body) => body.instances), onRetry, children: ({ instances }) => h(InstanceList, { instances }) })}
    </div>
  `;
}

/** Commands that wait for delivery now, for the funnel; undefined where that is not known. */
function waitingIn(state: ResourceState<Overview>): number | undefined {
  const shown = panelOf(state, (body) => body.waiting);
  if (shown.kind !== 'ready') return undefined;
  return shown.value.services.find(({ service }) => service === 'dispatcher')?.records;
}
