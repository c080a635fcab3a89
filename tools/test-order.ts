/**
 * Integration files that take longest, longest first: begun last, one of them would run alone at the end while the
 * other cores idle. All others follow in the order of their names.
 */
export const LONGEST_FIRST: readonly string[] = [
  'test/integrity/chaos.integration.test.ts',
  'test/integrity/replay-outage.integration.test.ts',
  'test/integrity/replay-kills.integration.test.ts',
  'test/integrity/replay.integration.test.ts',
  'test/secured/missing-rights.integration.test.ts',
  'chaos/src/detectors/dispatcher-detectors-1.long.test.ts',
  'chaos/src/detectors/dispatcher-detectors-2.long.test.ts',
  'chaos/src/detectors/dispatcher-detectors-3.long.test.ts',
  'chaos/src/detectors/mapper-detectors-2.long.test.ts',
  'chaos/src/detectors/mapper-detectors-1.long.test.ts',
  'chaos/src/detectors/ingest-detectors.long.test.ts',
  'test/integrity/replay-events.integration.test.ts',
  'test/console/real-actions.integration.test.ts',
  'packages/testkit/src/stack-choice/local-stack.integration.test.ts',
  'test/integrity/replay-restarts.integration.test.ts',
  'test/integrity/replay-ranges.integration.test.ts',
  'test/secured/missing-operator-rights.integration.test.ts',
  'test/console/real-pages.integration.test.ts',
  'packages/processing/src/consumer/broker-outage.integration.test.ts',
  'test/hostile/secrets.integration.test.ts',
  'packages/processing/src/state/state-outage.integration.test.ts',
  'test/console/offers.integration.test.ts',
  'test/hostile/hostile-input.integration.test.ts',
  'demo/src/tour/tour.integration.test.ts',
  'test/hostile/compression-bombs.integration.test.ts',
  'test/console/accessible-pages.integration.test.ts',
  'services/ingest/src/readiness.integration.test.ts',
  'test/integrity/dispatcher-crashes.integration.test.ts',
  'test/integrity/ingest-soak.integration.test.ts',
  'test/integrity/dispatcher-isolation.integration.test.ts',
  'test/hostile/held-records.integration.test.ts',
  'test/integrity/replay-live.integration.test.ts',
  'test/e2e/recreated-topic.integration.test.ts',
  'demo/src/demo.integration.test.ts',
];

/** `files` are relative to the root, with slashes. */
export function inStartOrder(files: readonly string[]): readonly string[] {
  const rank = (file: string): number => {
    const index = LONGEST_FIRST.indexOf(file);
    return index === -1 ? LONGEST_FIRST.length : index;
  };
  return files.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
