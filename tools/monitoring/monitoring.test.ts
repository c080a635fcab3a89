/**
 * Alerts and dashboards ask for what the services show, and alerts lead somewhere. promtool tries the alerts
 * themselves.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorCodes } from '@astrolabe/service-kit/errors';
import { metricsOf, serviceNames } from '../metric-catalogue.ts';
import { alertGroups, alertNameOf, renderAlertRules } from './alert-files.ts';
import { dashboards } from './dashboards.ts';
import { readExpression, type Selector } from './expression.ts';
import { RUNBOOK, RUNBOOK_SECTION, slugOf } from './runbook.ts';

/** What Prometheus and its discovery of targets add to each series. */
const TARGET_LABELS = ['namespace', 'job', 'instance'];

const labelsByMetric = new Map<string, ReadonlySet<string>>();
for (const { name, type, labelNames } of serviceNames.flatMap(metricsOf)) {
  const series = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name];
  for (const each of series) {
    const own = each.endsWith('_bucket') ? [...labelNames, 'le'] : labelNames;
    labelsByMetric.set(each, new Set([...own, ...TARGET_LABELS]));
  }
}

const alerts = Object.values(alertGroups).flat();

const queried = [
  ...alerts.map((rule) => ({ where: alertNameOf(rule), expr: rule.expr })),
  ...dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${String(dashboard.title)}: ${title}`, expr })),
    ),
  ),
];

const chosen = dashboards.flatMap((dashboard) =>
  variablesOf(dashboard).map(({ name, query }) => ({ where: `${String(dashboard.title)}: $${name}`, query })),
);

test('every expression of an alert or a panel is PromQL about metrics and labels that the services show', () => {
  assert.ok(queried.length > 60, `${queried.length} expressions were found`);
  for (const { where, expr } of queried) {
    const { selectors, groupings, errors } = readExpression(expr);
    assert.deepEqual(errors, [], `${where}: ${expr}`);
    assert.ok(selectors.length > 0, where);
    for (const selector of selectors) assertShown(selector, where);
    for (const { labels, metrics } of groupings) {
      const known = new Set(metrics.flatMap((metric) => [...(labelsByMetric.get(metric) ?? [])]));
      assert.deepEqual(
        labels.filter((label) => !known.has(label)),
        [],
        `${where} groups by labels that ${metrics.join(', ')} do not have`,
      );
    }
  }
});

test('an expression about a metric, a label or a code that does not exist is found', () => {
  const selectorOf = (expr: string): Selector => readExpression(expr).selectors[0] ?? assert.fail(expr);
  assert.throws(() => assertShown(selectorOf('mapper_lag_minutes > 1'), 'x'), /mapper_lag_minutes/);
  assert.throws(() => assertShown(selectorOf('mapper_lag_records{topic="t"}'), 'x'), /topic/);
  assert.throws(() => assertShown(selectorOf('mapper_faults_total{code="mapper.gone"}'), 'x'), /mapper\.gone/);
  assert.notDeepEqual(readExpression('sum(rate(mapper_faults_total[5m])').errors, []);
});

test('a variable of a dashboard lists the values of a label that every running instance shows', () => {
  for (const { where, query } of chosen) {
    const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
    const [{ metric } = assert.fail(where)] = readExpression(selector).selectors;
    assert.match(metric, /_info$/, where);
    assert.ok(labelsByMetric.get(metric)?.has(label), `${where}: ${metric} has no label ${label}`);
  }
});

test('a panel reads 0 where there is no series, before anything is sent', () => {
  const ofPanels = queried.slice(alerts.length);
  assert.deepEqual(
    ofPanels.filter(({ expr }) => !expr.endsWith(' or on() vector(0)')),
    [],
  );
});

test('every alert leads to its paragraph of the runbook', () => {
  const document = readFileSync(join(import.meta.dirname, '../..', RUNBOOK), 'utf8');
  const section = document.slice(document.indexOf(`\n## ${RUNBOOK_SECTION}\n`));
  const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
  const rules = renderAlertRules();
  for (const rule of alerts) {
    assert.ok(headings.includes(rule.runbook), `${alertNameOf(rule)} leads to "${rule.runbook}", which is not there`);
    assert.ok(rules.includes(`runbook_url: ${RUNBOOK}#${slugOf(rule.runbook)}\n`));
  }
});

test('every alert is tried in situations in which it fires, and in others in which it must not', () => {
  for (const { name, fires, silent } of alerts) {
    assert.ok(fires.length > 0 && silent.length > 0, name);
    for (const { input } of [...fires, ...silent]) {
      for (const series of Object.keys(input)) {
        const { selectors, errors } = readExpression(series);
        assert.deepEqual([errors.length, selectors.length], [0, 1], series);
        for (const selector of selectors) assertShown(selector, `a test of ${name}`);
      }
    }
  }
});

function assertShown({ metric, matchers }: Selector, where: string): void {
  const labels = labelsByMetric.get(metric);
  assert.ok(labels !== undefined, `${where}: no service shows ${metric}`);
  for (const { label, operator, value } of matchers) {
    assert.ok(labels.has(label), `${where}: ${metric} has no label ${label}`);
    if (label !== 'code') continue;
    const isThere = (code: string): boolean =>
      operator === '=~' ? new RegExp(`^(?:${value})$`).test(code) : code === value;
    assert.ok(errorCodes.some(isThere), `${where}: no error code is ${value}`);
  }
}

interface ShownPanel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

/** As the file has them, so that nothing depends on how they are built. */
function panelsOf(dashboard: object): readonly ShownPanel[] {
  const { panels } = JSON.parse(JSON.stringify(dashboard)) as { readonly panels: readonly Partial<ShownPanel>[] };
  return panels.flatMap(({ title = '', targets }) => (targets === undefined ? [] : [{ title, targets }]));
}

function variablesOf(dashboard: object): readonly { readonly name: string; readonly query: string }[] {
  const { templating } = JSON.parse(JSON.stringify(dashboard)) as {
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; query: string }[] };
  };
  return templating.list.filter(({ type }) => type === 'query');
}
