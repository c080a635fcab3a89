/** Pods of rendered manifests as processes of this machine: a kubelet, as far as the services notice. */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually, launchService, machineEnvironment, spawnGuarded, type LaunchedService } from '@astrolabe/testkit';
import { root as repository } from '../chart/chart-files.ts';
import type { Container, Manifest, PodSpec } from '../chart/manifests.ts';
import { mountVolumes } from './mounted-files.ts';
import { environmentIn, type PodPlace, type Secrets } from './pod-environment.ts';
import { podSpecOf } from './rendered-chart.ts';

const READY_TIMEOUT_MS = 90_000;

export interface RunningPod {
  readonly name: string;
  readonly component: string;
  /** `http://address:port` of a port that its manifest names. */
  urlOf(port: string): string;
  /** Resolves once its readiness probe is answered with 200. */
  untilReady(): Promise<void>;
  /** As the kubelet does some time after a Secret has changed. */
  remount(secrets: Secrets): Promise<void>;
  /** What it logged as an error, oldest first. */
  errors(): readonly Readonly<Record<string, unknown>>[];
  /** SIGTERM; rejects if it does not end with 0. */
  stop(): Promise<void>;
}

export interface Node {
  /** Below it each pod has its root. */
  readonly folder: string;
  /** Another address of this machine for each pod. */
  nextAddress(): string;
}

/** Addresses of the loopback network, which Linux answers on without further settings. `network`: three bytes of it. */
export function createNode(folder: string, network: string): Node {
  let host = 0;
  return { folder, nextAddress: () => `${network}.${(host += 1)}` };
}

/** What pods find in their cluster. */
export type Surroundings = Pick<PodPlace, 'secrets' | 'services'>;

/** As many pods as the manifest of a service says, started at once; none is ready yet. */
export async function startPods(node: Node, manifest: Manifest, found: Surroundings): Promise<readonly RunningPod[]> {
  const count = manifest.spec?.replicas ?? 1;
  return Promise.all(
    Array.from({ length: count }, (_unused, index) =>
      startPod(node, `${manifest.metadata.name}-${index}`, podSpecOf(manifest), found),
    ),
  );
}

async function startPod(node: Node, name: string, spec: PodSpec, surroundings: Surroundings): Promise<RunningPod> {
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${name} has no container`);
  const root = join(node.folder, name);
  const address = node.nextAddress();
  await mountVolumes(spec, root, surroundings.secrets);
  const launched = await launchService({
    name,
    entry: join(repository, 'services', container.name, 'src/main.ts'),
    env: environmentIn(container, { podName: name, address, root, ...surroundings }),
    stopTimeoutMs: (spec.terminationGracePeriodSeconds ?? 30) * 1_000,
  });
  const urlOf = (port: string): string => `http://${address}:${portOf(container, port)}`;
  return {
    name,
    component: container.name,
    urlOf,
    untilReady: () => untilReady(launched, container, urlOf),
    remount: (changed) => mountVolumes(spec, root, changed),
    errors: () => launched.records().filter(({ level }) => level === 'error'),
    stop: () => launched.stop(),
  };
}

function portOf({ name, ports = [] }: Container, wanted: string): number {
  const found = ports.find((port) => port.name === wanted);
  if (found === undefined) throw new Error(`${name} has no port "${wanted}"`);
  return found.containerPort;
}

async function untilReady(
  launched: LaunchedService,
  { readinessProbe }: Container,
  urlOf: RunningPod['urlOf'],
): Promise<void> {
  if (readinessProbe === undefined) throw new Error(`${launched.name} has no readiness probe`);
  const { path, port } = readinessProbe.httpGet;
  const isReady = async (signal: AbortSignal): Promise<boolean> => {
    const answer = await fetch(`${urlOf(port)}${path}`, { signal });
    if (answer.status !== 200) throw new Error(`it says ${await answer.text()}`);
    return true;
  };
  const ended = launched.exited.then(({ code }) => {
    throw new Error(`${launched.name} ended with ${code}; its last output:\n${launched.logs().slice(-20).join('\n')}`);
  });
  await Promise.race([
    eventually(isReady, { timeoutMs: READY_TIMEOUT_MS, describe: `${launched.name} to be ready` }),
    ended,
  ]);
}

export interface Ran {
  readonly exitCode: number | null;
  /** Both streams, as they came. */
  readonly output: string;
}

/** Runs a container of the command `astrolabe` to its end, in a pod of its own. */
export async function runToEnd(
  node: Node,
  manifest: Manifest,
  { container, secrets }: { readonly container: string; readonly secrets: Secrets },
): Promise<Ran> {
  const spec = podSpecOf(manifest);
  const found = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === container);
  if (found === undefined) throw new Error(`${manifest.metadata.name} has no container "${container}"`);
  const podName = `${manifest.metadata.name}-${container}`;
  const root = join(node.folder, podName);
  await mountVolumes(spec, root, secrets);
  const env = environmentIn(found, { podName, address: node.nextAddress(), root, secrets });
  return runAstrolabe(found.args ?? [], env);
}

/** The operator's command, as a process. */
export async function runAstrolabe(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const running = await spawnGuarded({
    command: process.execPath,
    args: [join(repository, 'cli/astrolabe.js'), ...args],
    env: { ...machineEnvironment(), ...env },
    output: 'pipe',
    orphanGraceMs: 1_000,
  });
  const { stdout, stderr } = running.child;
  if (stdout === null || stderr === null) throw new Error('the output of astrolabe cannot be read');
  const [out, err, { code }] = await Promise.all([text(stdout), text(stderr), running.exited]);
  return { exitCode: code, output: out + err };
}
