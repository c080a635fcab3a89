/**
 * Prints the pods that controllers would make of the manifests on standard input, as a list in JSON:
 *
 *     helm template ... | node test/chart/pods-of-manifests.ts NAMESPACE
 */
import { text } from 'node:stream/consumers';
import { readManifests, workloads } from './manifests.ts';

const [namespace = 'default'] = process.argv.slice(2);
const items = workloads(readManifests(await text(process.stdin))).map(({ metadata, pod, claims }, index) => {
  const claimed = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: metadata.labels, name: `pod-${index}`, namespace },
    spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claimed] },
  };
});
process.stdout.write(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
