import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceName } from '../../oracle/observed.ts';
import { renderReport } from '../../run/chaos-report.ts';
import { detectors, runDetector } from '../detector.ts';
import { sabotages } from '../sabotage.ts';

/** A test for each guarantee of a service. A file for each service: one after the other they would take longer than a file may. */
export function testDetectors(service: ServiceName): void {
  for (const detector of detectors.filter((each) => each.service === service)) {
    const { sabotage, invariant } = detector;
    test(`a run notices when it is no longer so that ${sabotages[sabotage].without}`, async () => {
      const report = await runDetector(detector, { env: process.env, isSabotaged: true });
      assert.ok((report.violationCounts[invariant] ?? 0) > 0, `no "${invariant}" is found\n${renderReport(report)}`);
    });
  }
}
