/** What the chart brings for monitoring, held to what the services show. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { isMap, readValues, root, type Values } from './chart-files.ts';

const scaledByLag = ['mapper', 'dispatcher'];

function lagMetricOf(service: string): string {
  const metric = at(readValues('values.yaml'), [service, 'autoscaling', 'lagMetric']);
  assert.ok(typeof metric === 'string');
  return metric;
}

for (const service of scaledByLag) {
  test(`the ${service} is scaled by a gauge of its own that docs/metrics.md describes`, () => {
    const [, section = ''] = new RegExp(`\\n## ${service}\\n([^]*?)\\n## `).exec(readDocument('docs/metrics.md')) ?? [];
    const types = new Map(
      [...section.matchAll(/^\| `([a-z0-9_]+)` +\| ([a-z]+) /gm)].map(([, name, type]) => [name, type]),
    );
    assert.ok(types.size > 10, `${types.size} metrics of the ${service} were found`);
    assert.equal(types.get(lagMetricOf(service)), 'gauge', lagMetricOf(service));
  });
}

test('the rule for prometheus-adapter in the guide finds what mapper and dispatcher are scaled by, and adds up the pod', () => {
  const guide = readDocument('docs/deploy/kubernetes.md');
  const [, indent = '', block = ''] = /^( *)```yaml\n( *rules:\n[^]*?)^ *```$/m.exec(guide) ?? [];
  const [rule = {}] = (parse(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')) as { readonly rules: Values[] })
    .rules;
  const [, names = assert.fail(block)] = /__name__=~"([^"]+)"/.exec(String(rule['seriesQuery'])) ?? [];
  for (const service of scaledByLag) assert.match(lagMetricOf(service), new RegExp(`^(?:${names})$`));
  // One series for each partition: anything but their sum would scale by a part of the lag.
  assert.match(String(rule['metricsQuery']), /^sum\(<<\.Series>>\{<<\.LabelMatchers>>\}\) by \(<<\.GroupBy>>\)$/);
});

function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function at(values: Values, path: readonly string[]): unknown {
  return path.reduce<unknown>((current, name) => (isMap(current) ? current[name] : undefined), values);
}
