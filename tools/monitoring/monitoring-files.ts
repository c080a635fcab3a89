/** Every generated file for monitoring, by its path in the repository. */
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderAlertRules, renderAlertTests } from './alert-files.ts';
import { dashboards } from './dashboards.ts';

const FOLDER = 'deploy/monitoring';
/** Helm reads no file outside of its chart. */
const CHART_FOLDER = 'deploy/helm/astrolabe/monitoring';
const RULES = 'alerts.yml';

export async function monitoringFiles(): Promise<ReadonlyMap<string, string>> {
  const deployed = [
    [RULES, renderAlertRules()] as const,
    ...dashboards.map(
      ({ uid, ...dashboard }) => [`dashboards/${uid}.json`, JSON.stringify({ uid, ...dashboard })] as const,
    ),
  ];
  const contents = new Map([
    ...[FOLDER, CHART_FOLDER].flatMap((folder) => deployed.map(([path, text]) => [`${folder}/${path}`, text] as const)),
    [`${FOLDER}/alerts.test.yml`, renderAlertTests(RULES)],
  ]);
  const formatted = new Map<string, string>();
  for (const [path, content] of contents) {
    const options = await resolveConfig(join(import.meta.dirname, '../..', path));
    formatted.set(path, await format(content, { ...options, filepath: path }));
  }
  return formatted;
}
