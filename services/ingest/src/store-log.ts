import type { Logger } from '@astrolabe/service-kit';

/** Logs one line when storing begins to fail and one when it works again, however many requests fail in between. */
export function createStoreLog(logger: Logger): { failed(error: unknown): void; stored(): void } {
  let failures = 0;
  return {
    failed: (err) => {
      failures += 1;
      if (failures === 1) logger.error({ err }, 'events cannot be stored; senders are answered 503');
    },
    stored: () => {
      if (failures === 0) return;
      logger.info({ failures }, 'events are stored again');
      failures = 0;
    },
  };
}
