/** The connectors file, and whether Astrolabe accepts each key. */
import type { Environment } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import { checkKey, type ApiAddress } from '../connectors/check-keys.ts';
import { openConnectorsDocument, resolveKey, type ConnectorsDocument } from '../connectors/connectors-document.ts';
import { ok, problem, warning, type Finding } from './core/finding.ts';

export interface ConnectorSettings {
  readonly connectorsFile: string;
  readonly apiUrl: string | undefined;
  readonly apiTls?: TlsMaterial;
  /** The variables that key references may name. */
  readonly variables: Environment;
}

export async function examineConnectors(settings: ConnectorSettings, signal: AbortSignal): Promise<Finding[]> {
  const { connectorsFile, apiUrl } = settings;
  let document: ConnectorsDocument;
  try {
    document = await openConnectorsDocument(connectorsFile);
  } catch (error) {
    return [judgeConnectorsFault(error)];
  }
  if (document.text === undefined) {
    const fact = `${document.path} does not exist`;
    return [problem('connectors', fact, 'ingest and dispatcher do not start', 'astrolabe connectors add')];
  }
  if (apiUrl === undefined) {
    return [
      warning(
        'connectors',
        `${document.connectors.length}, keys not checked`,
        'commands wait while Astrolabe refuses their key',
        'set DISPATCHER_API_URL',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const connector of document.connectors) {
    findings.push(await examineConnector(document, connector, { ...settings, apiUrl }, signal));
  }
  return findings;
}

export function judgeConnectorsFault(error: unknown): Finding {
  const meaning = 'running services keep the connectors they have; none can start';
  return problem('connectors', errorMessage(error), meaning, 'fix the file; each problem is listed with its place');
}

async function examineConnector(
  { path }: ConnectorsDocument,
  { id, apiKey, enabled }: ConnectorsDocument['connectors'][number],
  { variables, ...api }: ConnectorSettings & ApiAddress,
  signal: AbortSignal,
): Promise<Finding> {
  const about = `connector ${id}`;
  const key = await resolveKey(path, apiKey, variables);
  if (key.kind === 'unknown') {
    const fact = `its key is unknown here: ${key.reason}`;
    return warning(about, fact, 'it cannot be checked from here', 'run this where the services run');
  }
  const check = await checkKey(api, key.key, signal);
  switch (check.kind) {
    case 'accepted':
      return ok(about, `${enabled ? '' : 'disabled; '}Astrolabe accepts its key`);
    case 'refused': {
      const meaning = 'its commands wait and nothing is lost; see dispatcher_halted_connectors';
      const fact = `Astrolabe refuses its key (${check.status})`;
      return problem(about, fact, meaning, `astrolabe connectors rotate-key ${id}`);
    }
    case 'unclear': {
      const meaning = 'whether its commands can be delivered is unknown';
      return problem(about, check.reason, meaning, 'check DISPATCHER_API_URL and the network');
    }
  }
}
