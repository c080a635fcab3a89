/** What the chart's templates give the processes, held to what the processes read. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clusterAndRegistryConfig, connectorsConfig, schemasConfig, topicsConfig } from '@astrolabe/cli/config';
import { consoleConfig } from '@astrolabe/console/config';
import { dispatcherConfig } from '@astrolabe/dispatcher/config';
import { ingestConfig } from '@astrolabe/ingest/config';
import { mapperConfig } from '@astrolabe/mapper/config';
import { renderConfigTable, type ConfigVariable, type ConfigVariables } from '@astrolabe/service-kit';
import { readChartFile, readTemplates, readValues, root } from './chart-files.ts';
import { variablesSetFor } from './template-environment.ts';

const processes: Readonly<Record<string, readonly { readonly variables: object }[]>> = {
  ingest: [ingestConfig],
  mapper: [mapperConfig],
  dispatcher: [dispatcherConfig],
  console: [consoleConfig],
  operator: [topicsConfig, schemasConfig, connectorsConfig, clusterAndRegistryConfig],
};

for (const [component, definitions] of Object.entries(processes)) {
  const table = definitions.flatMap(({ variables }) => tableOf(variables));
  const variables = variablesSetFor(component);

  test(`${component} knows every variable that the chart sets for it`, () => {
    const known = new Set(definitions.flatMap((definition) => namesOf(definition.variables)));
    assert.deepEqual(
      variables.map(({ name }) => name).filter((name) => !known.has(name)),
      [],
    );
  });

  test(`the chart sets every variable that ${component} requires, whatever the values are`, () => {
    const always = new Set(variables.filter((variable) => variable.always).map(({ name }) => name));
    const required = table.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    assert.notDeepEqual(required, []);
    assert.deepEqual(
      required.filter((name) => !always.has(name)),
      [],
    );
  });
}

test('no template but that of the environment sets a variable', () => {
  const others = readTemplates().replace(readChartFile('templates/_environment.tpl'), '');
  assert.deepEqual(others.match(/^\s*- name: [A-Z][A-Z0-9_]+$/gm) ?? [], []);
});

test("ports and folders are those of the images, and the images those of Dockerfile's targets", () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const settings = new Map([...dockerfile.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value]) => [name, value]));
  const constant = (name: string): string | undefined =>
    new RegExp(`define "astrolabe\\.${name}" -}}([^{]*){{- end`).exec(readTemplates())?.[1];
  assert.deepEqual(
    {
      admin: constant('adminPort'),
      ingest: constant('ingestPort'),
      console: constant('consolePort'),
      connectors: `${constant('connectorsFolder')}/connectors.json`,
      ledger: `${constant('dataFolder')}/ledger`,
    },
    {
      admin: settings.get('ADMIN_PORT'),
      ingest: settings.get('INGEST_PORT'),
      console: settings.get('CONSOLE_PORT'),
      connectors: settings.get('CONNECTORS_FILE'),
      ledger: settings.get('DISPATCHER_LEDGER_DIRECTORY'),
    },
  );
  const values = readValues('values.yaml') as Record<string, { image?: { repository?: string } }>;
  const targets = new Set([...dockerfile.matchAll(/ AS (\S+)/g)].map(([, target]) => target));
  for (const component of Object.keys(processes)) {
    const repository = values[component]?.image?.repository ?? '';
    assert.ok(targets.has(repository.replace('astrolabe/', '')), `${component}: ${repository}`);
  }
});

test('chart and images have the version of the repository', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { version: chart, appVersion } = readValues('Chart.yaml');
  assert.deepEqual({ chart, appVersion }, { chart: version, appVersion: version });
});

/** The variables themselves, and those that name a file in their place. */
function namesOf(variables: object): readonly string[] {
  return Object.values(variables as Record<string, ConfigVariable>).flatMap(({ env, orFile }) =>
    orFile === true ? [env, `${env}_FILE`] : [env],
  );
}

/** Rows of the table of docs/configuration.md. */
function tableOf(variables: object): readonly { readonly name: string; readonly isRequired: boolean }[] {
  return renderConfigTable(variables as ConfigVariables<Record<string, unknown>>)
    .split('\n')
    .flatMap((row) => {
      const [, name, fallback] =
        /^\| `([A-Z0-9_]+)` \| .* \| (\S.*?) \| [^|]*\|$/.exec(row.replaceAll('\\|', '/')) ?? [];
      return name === undefined ? [] : [{ name, isRequired: fallback === 'required' }];
    });
}
