/** The operator's console's API, as far as these tests use it. */

export interface WatchedInstance {
  readonly service: string;
  readonly state: string;
}

/** `url`: the console's address. */
export async function readSession(url: string): Promise<{ readonly login: unknown; readonly role: unknown }> {
  return read(url, '/session');
}

/** Undefined as long as the services have not been asked. */
export async function readInstances(url: string): Promise<readonly WatchedInstance[] | undefined> {
  const { instances } = await read<{
    readonly instances: { readonly value?: { readonly instances: readonly WatchedInstance[] } };
  }>(url, '/overview');
  return instances.value?.instances;
}

async function read<Answer>(url: string, path: string): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`);
  if (!response.ok) throw new Error(`GET ${path}: status ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Resolves with its id and its key, which is told this once. */
export async function addConnector(url: string, name: string): Promise<{ readonly id: string; readonly key: string }> {
  return change(url, '/connectors', { name, freeEmailProviders: 'allow' });
}

/** Has the console send an event with the connector's key. */
export async function sendTestEvent(url: string, id: string): Promise<{ readonly messageId: string }> {
  return change(url, `/connectors/${id}/test-event`, {});
}

async function change<Answer>(url: string, path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST ${path}: status ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
