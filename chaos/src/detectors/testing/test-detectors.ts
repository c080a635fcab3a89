import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalCluster } from '@astrolabe/testkit';
import { startCluster } from '../../cluster/system.ts';
import type { ServiceName } from '../../oracle/observed.ts';
import { renderReport } from '../../run/chaos-report.ts';
import { detectors, runDetector } from '../detector.ts';
import { mutations } from '../mutation.ts';

/**
 * A test for each guarantee of a service, or for those of one of several parts of them: all in one file, one after the
 * other, they would take longer than a file may.
 */
export function testDetectors(service: ServiceName, { part, of }: { part: number; of: number }): void {
  let cluster: LocalCluster | undefined;
  before(async () => {
    cluster = await startCluster({ env: process.env, brokers: 1 });
  });
  after(() => cluster?.stop());
  const own = detectors.filter((each) => each.service === service);
  for (const detector of own.filter((_, index) => index % of === part - 1)) {
    const { mutation, invariant } = detector;
    test(`a run detects the loss when a mutation removes this: ${mutations[mutation].without}`, async () => {
      assert.ok(cluster, 'the brokers have started');
      const report = await runDetector(detector, { cluster, env: process.env, isMutated: true });
      assert.ok((report.violationCounts[invariant] ?? 0) > 0, `no "${invariant}" is found\n${renderReport(report)}`);
    });
  }
}
