/** A real Prometheus that scrapes the pods and goes by the rules of the chart. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually, findFreePorts, machineEnvironment, spawnGuarded } from '@astrolabe/testkit';
import { stringify } from 'yaml';
import type { Manifest } from '../chart/manifests.ts';
import type { RunningPod } from './pods.ts';
import { NAMESPACE } from './rendered-chart.ts';

export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Prometheus {
  readonly url: string;
  /** Resolves once the alerts are as wanted; rejects with those that there were last. */
  untilAlerts(describe: string, areWanted: (alerts: readonly Alert[]) => boolean): Promise<readonly Alert[]>;
  /**
   * Resolves once all pods have been scraped, and every rule been applied to that for as long as an alert has to hold.
   */
  untilWatching(): Promise<void>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** Path of the program. */
  readonly program: string;
  readonly folder: string;
  /** What the chart rendered: a PodMonitor and a PrometheusRule. */
  readonly podMonitor: Manifest;
  readonly prometheusRule: Manifest;
  readonly pods: readonly RunningPod[];
}

/**
 * In place of half a minute, and of the minutes for which an alert has to hold: nobody waits here for a false alarm.
 */
const INTERVAL = '1s';
const HOLD_MS = 2_000;
const TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 10_000;

interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly { readonly for: string }[] }[];
}

interface Endpoints {
  readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { program, folder, pods } = options;
  const rules = join(folder, 'rules.yml');
  await writeFile(rules, stringify(shortened(options.prometheusRule.spec as unknown as RuleGroups)));
  const configuration = join(folder, 'prometheus.yml');
  await writeFile(configuration, stringify(configurationFor(options, rules)));
  const [port = 0] = await findFreePorts(1);
  const running = await spawnGuarded({
    command: program,
    args: [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    env: machineEnvironment(),
    cwd: folder,
    output: 'pipe',
    orphanGraceMs: 1_000,
  });
  const lines: string[] = [];
  for (const stream of [running.child.stdout, running.child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const url = `http://127.0.0.1:${port}`;
  const ask = async <Data>(path: string, signal: AbortSignal): Promise<Data> => {
    if (running.exit !== undefined) throw new Error(`prometheus has ended:\n${lines.slice(-20).join('\n')}`);
    const answer = await fetch(`${url}/api/v1/${path}`, { signal });
    return ((await answer.json()) as { readonly data: Data }).data;
  };
  return {
    url,
    untilAlerts: (describe, areWanted) =>
      eventually(
        async (signal) => {
          const { alerts } = await ask<{ readonly alerts: readonly Alert[] }>('alerts', signal);
          if (areWanted(alerts)) return alerts;
          throw new Error(`there are ${alerts.map(shown).join(', ') || 'none'}`);
        },
        { timeoutMs: TIMEOUT_MS, describe, intervalMs: 200 },
      ),
    untilWatching: async () => {
      const areUp = async (signal: AbortSignal): Promise<boolean> => {
        const { activeTargets } = await ask<{ readonly activeTargets: readonly Target[] }>('targets', signal);
        const faults = activeTargets.filter(({ health }) => health !== 'up').map(({ lastError }) => lastError);
        if (activeTargets.length === pods.length && faults.length === 0) return true;
        throw new Error(`${activeTargets.length} targets, faults: ${faults.join(', ')}`);
      };
      await eventually(areUp, { timeoutMs: TIMEOUT_MS, describe: 'all pods to be scraped', intervalMs: 200 });
      const sinceMs = Date.now() + HOLD_MS;
      const areApplied = async (signal: AbortSignal): Promise<boolean> => {
        const { groups } = await ask<{ readonly groups: readonly AppliedGroup[] }>('rules', signal);
        for (const { name, lastError, lastEvaluation } of groups.flatMap((group) => group.rules)) {
          if (lastError !== undefined) throw new Error(`${name}: ${lastError}`);
          if (Date.parse(lastEvaluation) < sinceMs) return false;
        }
        return groups.length > 0;
      };
      await eventually(areApplied, { timeoutMs: TIMEOUT_MS, describe: 'all rules to be applied', intervalMs: 200 });
    },
    stop: async () => {
      await running.stop({ graceMs: STOP_GRACE_MS });
    },
  };
}

interface AppliedGroup {
  readonly rules: readonly { readonly name: string; readonly lastError?: string; readonly lastEvaluation: string }[];
}

interface Target {
  readonly health: string;
  readonly lastError: string;
}

/** As the Prometheus operator makes it of the PodMonitor: a job for each component, and the label of the namespace. */
function configurationFor({ podMonitor, pods }: PrometheusOptions, rules: string): object {
  const [endpoint] = (podMonitor.spec as unknown as Endpoints).podMetricsEndpoints;
  if (endpoint === undefined) throw new Error('the PodMonitor of the chart has no endpoint');
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: [rules],
    scrape_configs: pods.map((pod) => ({
      job_name: pod.component,
      metrics_path: endpoint.path,
      static_configs: [
        { targets: [new URL(pod.urlOf(endpoint.port)).host], labels: { namespace: NAMESPACE, pod: pod.name } },
      ],
    })),
  };
}

/** The rules of the chart, of which none waits longer than `HOLD_MS`. */
function shortened({ groups }: RuleGroups): RuleGroups {
  return {
    groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, for: `${HOLD_MS}ms` })) })),
  };
}

function shown({ state, labels }: Alert): string {
  return `${labels['alertname']} (${state}${labels['connector'] === undefined ? '' : `, ${labels['connector']}`})`;
}
