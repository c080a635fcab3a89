import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../logs/logger.ts';
import type { ServiceStack } from '../process/lifecycle.ts';
import type { Readiness } from '../process/readiness.ts';
import { startServiceAdmin } from './service-admin.ts';

const config = { adminHost: '127.0.0.1', adminPort: 0, adminAllowedHosts: undefined };

test('a metric says what /readyz says', async (t) => {
  let readiness: Readiness = { ready: false, reasons: ['waiting for the brokers'] };
  const stack: Pick<ServiceStack, 'defer' | 'isReady'> = {
    defer: (_name, stop) => t.after(stop),
    isReady: () => readiness,
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const { url } = await startServiceAdmin('mapper', config, logger, stack);
  const seen = async () => {
    const [answer, metrics] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/metrics`)]);
    await answer.body?.cancel();
    return [answer.status, /^mapper_process_ready (.+)$/m.exec(await metrics.text())?.[1]];
  };
  assert.deepEqual(await seen(), [503, '0']);
  readiness = { ready: true, reasons: [] };
  assert.deepEqual(await seen(), [200, '1']);
});
