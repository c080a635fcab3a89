/** What the operator's console answers, as far as these tests look at it. */

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
