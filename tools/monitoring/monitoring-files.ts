/** Every generated file for monitoring, by its path in the repository. */
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderAlertRules, renderAlertTests } from './alert-files.ts';
import { dashboards } from './dashboards.ts';

const FOLDER = 'deploy/monitoring';
const RULES = 'alerts.yml';

export async function monitoringFiles(): Promise<ReadonlyMap<string, string>> {
  const contents = new Map([
    [`${FOLDER}/${RULES}`, renderAlertRules()],
    [`${FOLDER}/alerts.test.yml`, renderAlertTests(RULES)],
    ...dashboards.map(
      ({ uid, ...dashboard }) => [`${FOLDER}/dashboards/${uid}.json`, JSON.stringify({ uid, ...dashboard })] as const,
    ),
  ]);
  const formatted = new Map<string, string>();
  for (const [path, content] of contents) {
    const options = await resolveConfig(join(import.meta.dirname, '../..', path));
    formatted.set(path, await format(content, { ...options, filepath: path }));
  }
  return formatted;
}
