/** Grafana dashboards. Their panels read 0, and not "no data", while nothing is sent. */
/* eslint-disable @typescript-eslint/no-deprecated -- The newer form of a dashboard needs Grafana 12. */
import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { deliveryRows } from './delivery-panels.ts';
import { overviewRows } from './overview-panels.ts';
import { processRows } from './process-panels.ts';
import type { Panel, Row } from './panel.ts';

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 24;

export const dashboards: readonly (Dashboard & { uid: string })[] = [
  dashboard('astrolabe-overview', 'Astrolabe pipeline: overview', overviewRows),
  dashboard('astrolabe-delivery', 'Astrolabe pipeline: delivery by connector', deliveryRows),
  dashboard('astrolabe-processes', 'Astrolabe pipeline: processes and partitions', processRows),
];

function dashboard(uid: string, title: string, rows: readonly Row[]): Dashboard & { uid: string } {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags(['astrolabe'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    // A metric that every running instance has. Installations without the label have an empty one, which `.*` fits.
    .withVariable(variable('namespace', 'Namespace', 'label_values(ingest_build_info, namespace)'));
  if (
    rows.some(({ panels }) => panels.some(({ queries }) => queries.some(({ expr }) => expr.includes('$connector'))))
  ) {
    builder.withVariable(
      variable('connector', 'Connector', 'label_values(ingest_connector_info{namespace=~"$namespace"}, connector)'),
    );
  }
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panelBuilder(panel, WIDTH / row.panels.length));
  }
  return { ...builder.build(), uid };
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' })
    .refresh(VariableRefresh.OnTimeRangeChanged);
}

function panelBuilder({ title, description, unit, kind, queries }: Panel, span: number) {
  const builder =
    kind === 'number'
      ? new StatBuilder().height(4).colorMode(BigValueColorMode.None)
      : new TimeseriesBuilder().height(8).min(0).fillOpacity(10);
  builder.title(title).description(description).unit(unit).span(span).datasource(DATASOURCE);
  for (const [index, { expr, legend }] of queries.entries()) {
    const refId = String.fromCharCode('A'.charCodeAt(0) + index);
    builder.withTarget(new DataqueryBuilder().expr(expr).legendFormat(legend).refId(refId));
  }
  return builder;
}
