import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';

/**
 * Runs `action`, whatever of it fails being `ledger.disk-failed`: not retryable, since nobody knows what the file holds
 * afterwards.
 */
export async function onDisk<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw diskFault(doing, error);
  }
}

export function diskFault(doing: string, cause: unknown): PipelineError {
  const message = `${doing} failed: ${errorMessage(cause)}; check the space and the permissions of the ledger directory`;
  return new PipelineError('ledger.disk-failed', message, { retryable: false, cause });
}
