/**
 * What Helm renders from the value sets, held to what the processes need. `.ci/chart/verify.sh` runs this with the
 * folder of the manifests in `RENDERED_CHART_FOLDER`: rendering takes Helm, which `npm test` does without.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { clusterAndRegistryConfig, connectorsConfig, schemasConfig, topicsConfig } from '@astrolabe/cli/config';
import { consoleConfig } from '@astrolabe/console/config';
import { dispatcherConfig } from '@astrolabe/dispatcher/config';
import { ingestConfig } from '@astrolabe/ingest/config';
import { mapperConfig } from '@astrolabe/mapper/config';
import { readConfig } from '@astrolabe/service-kit';
import { createAuthority } from '@astrolabe/testkit';
import { parse } from 'yaml';
import { effectiveValues, root, valueSetNames } from './chart-files.ts';
import {
  containersOf,
  environmentOf,
  labelsOf,
  mountedPaths,
  readManifests,
  selects,
  workloads,
  type Container,
  type Manifest,
  type Workload,
} from './manifests.ts';

const folder = process.env['RENDERED_CHART_FOLDER'];
assert.ok(folder, 'RENDERED_CHART_FOLDER names the folder of the manifests');
const read = (name: string): readonly Manifest[] => readManifests(readFileSync(join(folder, `${name}.yaml`), 'utf8'));

/** Where the files lie that Kubernetes would mount. */
const mounted = mkdtempSync(join(tmpdir(), 'rendered-chart-'));
after(() => rmSync(mounted, { recursive: true }));
const authority = await createAuthority('CN=authority');
const client = await authority.issue({ subject: 'CN=client' });

for (const name of valueSetNames()) {
  const manifests = read(name);

  test(`${name}: every process accepts its environment`, () => {
    for (const workload of workloads(manifests)) {
      for (const container of containersOf(workload)) {
        const environment = environmentOf(container);
        assert.equal(container.env.length, Object.keys(environment).length, 'a variable is there twice');
        readAll(container.name, withFiles(environment, workload));
      }
    }
  });

  test(`${name}: pods run without rights, token and service links, on a root that they cannot write to`, () => {
    assert.equal(workloads(manifests).length, consoleOf(name).enabled ? 6 : 5);
    for (const { pod } of workloads(manifests)) {
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.enableServiceLinks, false);
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.equal(pod.securityContext.runAsUser, 1000);
      assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
      for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])]) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test(`${name}: the grace period is longer than the deadlines of the process`, () => {
    for (const workload of workloads(manifests)) {
      for (const container of containersOf(workload)) {
        const { SHUTDOWN_TIMEOUT_MS: shutdownMs, INGEST_DRAIN_MS: drainMs = '0' } = environmentOf(container);
        if (shutdownMs === undefined) continue;
        const neededSeconds = (Number(shutdownMs) + Number(drainMs)) / 1000;
        assert.ok((workload.pod.terminationGracePeriodSeconds ?? 0) >= neededSeconds + 5, container.name);
        assert.equal(container.lifecycle, undefined, 'the process drains by itself');
      }
    }
  });

  test(`${name}: folders are mounted whole, and every mount has its volume`, () => {
    for (const workload of workloads(manifests)) {
      const volumes = new Set([...(workload.pod.volumes ?? []).map((volume) => volume.name), ...workload.claims]);
      for (const { volumeMounts } of containersOf(workload)) {
        for (const mount of volumeMounts) {
          assert.equal(mount.subPath, undefined);
          assert.ok(volumes.has(mount.name), mount.name);
        }
      }
    }
  });

  test(`${name}: whatever selects pods selects those of one process`, () => {
    const pods = workloads(manifests);
    for (const { kind, metadata, selector } of manifests.flatMap(selects)) {
      const selected = pods.filter((pod) =>
        Object.entries(selector).every(([label, value]) => labelsOf(pod)[label] === value),
      );
      const processes = new Set(selected.map((pod) => labelsOf(pod)['app.kubernetes.io/component']));
      assert.equal(processes.size, 1, `${kind} ${metadata.name}`);
    }
  });

  test(`${name}: a name in a consumer group is the name of a pod`, () => {
    for (const workload of workloads(manifests)) {
      const [container] = workload.pod.containers;
      const isMember = ['mapper', 'dispatcher'].includes(container?.name ?? '');
      const name = container?.env.find((variable) => variable.name === 'KAFKA_GROUP_INSTANCE_ID');
      assert.deepEqual(name?.valueFrom, isMember ? { fieldRef: { fieldPath: 'metadata.name' } } : undefined);
    }
  });
}

test('other connectors change their Secret and no pod', () => {
  const [one, two] = [read('connectors-one'), read('connectors-two')];
  const changed = one.filter((manifest, index) => JSON.stringify(manifest) !== JSON.stringify(two[index]));
  assert.deepEqual(
    changed.map(({ kind }) => kind),
    ['Secret'],
  );
});

test('alerts and dashboards are those of deploy/monitoring, where they are switched on', () => {
  const monitoring = join(root, 'deploy/monitoring');
  for (const name of valueSetNames()) {
    const isOn = name === 'autoscaled';
    const specs = read(name).filter(({ kind }) => kind === 'PrometheusRule');
    const base = 'https://git.example.com/astrolabe/blob/v0.1.0/';
    const rules = readFileSync(join(monitoring, 'alerts.yml'), 'utf8').replaceAll(
      'runbook_url: ',
      `runbook_url: ${base}`,
    );
    assert.deepEqual(
      specs.map(({ spec }) => spec),
      isOn ? [parse(rules)] : [],
    );
    const shown = read(name).filter(({ kind, data }) => kind === 'ConfigMap' && data !== undefined);
    const files = readdirSync(join(monitoring, 'dashboards'));
    const contents = files.map((file) => [file, readFileSync(join(monitoring, 'dashboards', file), 'utf8').trimEnd()]);
    assert.deepEqual(
      shown.map(({ metadata, data }) => [
        metadata.labels?.['grafana_dashboard'],
        Object.entries(data ?? {}).map(([file, content]) => [file, content.trimEnd()]),
      ]),
      isOn ? [['1', contents.toSorted()]] : [],
    );
  }
});

for (const name of valueSetNames().filter((each) => consoleOf(each).enabled)) {
  const manifests = read(name);
  const environment = environmentOf(containerOf(manifests, 'console'));
  const services = manifests.filter(({ kind }) => kind === 'Service');

  test(`${name}: the console is asked by nobody but its own pod where there is no log-in`, () => {
    const isOpen = consoleOf(name).login === 'none';
    assert.equal(environment['CONSOLE_HOST'], isOpen ? '127.0.0.1' : '0.0.0.0');
    const ways = manifests.filter(
      ({ kind, metadata }) => metadata.name === 'astrolabe-console' && ['Service', 'Ingress'].includes(kind),
    );
    if (isOpen) assert.deepEqual(ways, []);
    else assert.equal(ways[0]?.kind, 'Service');
  });

  test(`${name}: the console asks the pods of every service, ready or not, and the network lets it`, () => {
    const urls = (environment['CONSOLE_SERVICE_URLS'] ?? '').split(',').map((url) => new URL(url));
    const asked = urls.map(({ hostname, port }) => {
      const service = services.find(({ metadata }) => metadata.name === hostname);
      assert.ok(service?.spec, `no Service is called ${hostname}`);
      const { clusterIP, publishNotReadyAddresses, ports } = service.spec;
      assert.deepEqual([clusterIP, publishNotReadyAddresses], ['None', true], hostname);
      assert.deepEqual(
        ports?.map((each) => String(each.port)),
        [port],
      );
      return selects(service)[0]?.selector['app.kubernetes.io/component'];
    });
    assert.deepEqual(asked, ['ingest', 'mapper', 'dispatcher']);
    for (const policy of manifests.filter(({ kind }) => kind === 'NetworkPolicy')) {
      const [{ selector } = assert.fail(policy.metadata.name)] = selects(policy);
      const component = selector['app.kubernetes.io/component'];
      if (component === undefined || !asked.includes(component)) continue;
      const sources = policy.spec?.ingress?.flatMap(({ from }) => from ?? []) ?? [];
      const components = sources.map(({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/component']);
      assert.ok(components.includes('console'), policy.metadata.name);
    }
  });
}

test('the way into the console is that of its public address', () => {
  const ways = valueSetNames().flatMap((name) =>
    read(name).flatMap(({ kind, metadata, spec }) =>
      kind === 'Ingress' && metadata.name === 'astrolabe-console'
        ? (spec?.rules ?? []).map(({ host, http }) => `${name}: ${host}${http.paths.map(({ path }) => path).join()}`)
        : [],
    ),
  );
  assert.deepEqual(ways, ['autoscaled: ops.example.com/astrolabe', 'secured: console.example.com/']);
});

test('who declares topics, and who shows them, knows the window of the ledger that the dispatcher is given', () => {
  const manifests = read('dispatcher-heavy');
  for (const name of ['dispatcher', 'topics', 'doctor', 'console']) {
    const environment = environmentOf(containerOf(manifests, name));
    assert.equal(environment['DISPATCHER_LEDGER_WINDOW_HOURS'], '72', name);
  }
});

test('setup runs before everything else, and hands over to nobody', () => {
  for (const name of valueSetNames()) {
    const jobs = read(name).filter(({ kind }) => kind === 'Job');
    assert.deepEqual(
      jobs.map(({ metadata }) => metadata.annotations?.['helm.sh/hook']),
      ['pre-install,pre-upgrade'],
    );
  }
});

function consoleOf(valueSet: string): { readonly enabled: boolean; readonly login: string } {
  return effectiveValues(valueSet)['console'] as { readonly enabled: boolean; readonly login: string };
}

function containerOf(manifests: readonly Manifest[], name: string): Container {
  const found = workloads(manifests)
    .flatMap(containersOf)
    .find((container) => container.name === name);
  assert.ok(found, `no container is called ${name}`);
  return found;
}

/** The environment with the files that it names, as the pod's volumes have them. */
function withFiles(
  environment: Readonly<Record<string, string>>,
  workload: Workload,
): Readonly<Record<string, string>> {
  const paths = mountedPaths(workload);
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      if (!name.endsWith('_FILE') || name === 'CONNECTORS_FILE') return [name, value];
      assert.ok(paths.has(value), `${name} names ${value}, which no volume of the pod has`);
      const file = join(mounted, value);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contentOf(basename(value)));
      return [name, file];
    }),
  );
}

function contentOf(file: string): string {
  if (file.endsWith('ca.crt')) return authority.cert;
  if (file === 'tls.crt') return client.cert;
  if (file === 'tls.key') return client.key;
  return file === 'session-secret' ? 'a-random-text-of-32-characters-or-more' : 'secret';
}

function readAll(container: string, environment: Readonly<Record<string, string>>): void {
  if (container === 'ingest') readConfig(ingestConfig, environment);
  else if (container === 'mapper') readConfig(mapperConfig, environment);
  else if (container === 'dispatcher') readConfig(dispatcherConfig, environment);
  else if (container === 'console') readConfig(consoleConfig, environment);
  else {
    assert.ok(['topics', 'schemas', 'doctor'].includes(container), container);
    readConfig(topicsConfig, environment);
    readConfig(schemasConfig, environment);
    readConfig(clusterAndRegistryConfig, environment);
    readConfig(connectorsConfig, environment);
  }
}
