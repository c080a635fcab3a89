/** Whether Astrolabe takes a connector's key: one call that reads a page of one user and changes nothing (`listUsers` of the contract). */
import { splitUrlCredentials } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';

export type KeyCheck =
  | { readonly kind: 'accepted' }
  /** 401 or 403: the dispatcher would make the connector's commands wait. */
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unclear'; readonly reason: string };

const TIMEOUT_MS = 10_000;

export async function checkKey(apiUrl: string, key: string, signal: AbortSignal): Promise<KeyCheck> {
  try {
    const response = await fetch(`${splitUrlCredentials(apiUrl).url}/v1/users?limit=1`, {
      headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    if (response.status === 200) return { kind: 'accepted' };
    if (response.status === 401 || response.status === 403) return { kind: 'refused', status: response.status };
    return { kind: 'unclear', reason: `the API answered ${response.status}` };
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error as { cause?: unknown };
    return { kind: 'unclear', reason: errorMessage(cause ?? error) };
  }
}

export function describeCheck(check: KeyCheck): string {
  switch (check.kind) {
    case 'accepted':
      return 'accepted';
    case 'refused':
      return `refused (${check.status})`;
    case 'unclear':
      return `unclear: ${check.reason}`;
  }
}
