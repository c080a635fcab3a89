/** Kubernetes manifests, as far as the chart's tests look into them. */
import { parseAllDocuments } from 'yaml';

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
  };
}

export interface Container {
  readonly name: string;
  /** Of the command `astrolabe`. */
  readonly args?: readonly string[];
  readonly env: readonly Variable[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly securityContext: unknown;
  readonly lifecycle?: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

interface Source extends Items {
  readonly name: string;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly secret?: Items & { readonly secretName: string };
  readonly projected?: { readonly sources: readonly { readonly secret?: Source; readonly configMap?: Source }[] };
}

export interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: unknown;
  };
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

type Selector = Readonly<Record<string, string>>;

export interface Manifest {
  readonly kind: string;
  readonly metadata: Metadata;
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: Selector | { readonly matchLabels: Selector };
    readonly podSelector?: { readonly matchLabels: Selector };
    readonly template?: { readonly metadata: Metadata; readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: Metadata }[];
    /** Of a Service. */
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly { readonly port: number }[];
    /** Of an Ingress. */
    readonly rules?: readonly {
      readonly host: string;
      readonly http: { readonly paths: readonly { readonly path: string }[] };
    }[];
    /** Of a NetworkPolicy. */
    readonly ingress?: readonly {
      readonly from?: readonly { readonly podSelector?: { readonly matchLabels: Selector } }[];
    }[];
  };
}

/** What makes pods, or is one. */
export interface Workload {
  readonly metadata: Metadata;
  readonly pod: PodSpec;
  /** Names of the volumes that claims bring. */
  readonly claims: readonly string[];
}

export function readManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

export function workloads(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind === 'Pod') return [{ metadata, pod: spec as unknown as PodSpec, claims: [] }];
    if (spec?.template === undefined) return [];
    const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name);
    return [{ metadata: spec.template.metadata, pod: spec.template.spec, claims }];
  });
}

export function containersOf({ pod }: Workload): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

export function labelsOf({ metadata }: Workload): Readonly<Record<string, string>> {
  return metadata.labels ?? {};
}

/** Files of projected volumes, by the paths at which the containers have them. */
export function mountedPaths(workload: Workload): ReadonlySet<string> {
  const paths = containersOf(workload).flatMap(({ volumeMounts }) =>
    volumeMounts.flatMap(({ name, mountPath }) => {
      const sources = workload.pod.volumes?.find((volume) => volume.name === name)?.projected?.sources ?? [];
      const items = sources.flatMap(({ secret, configMap }) => (secret ?? configMap)?.items ?? []);
      return items.map(({ path }) => `${mountPath}/${path}`);
    }),
  );
  return new Set(paths);
}

/** What a container's process finds; what comes from elsewhere has some text. */
export function environmentOf({ env }: Container): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-elsewhere']));
}

/** The labels by which a manifest selects pods. */
export function selects(
  manifest: Manifest,
): readonly { readonly kind: string; readonly metadata: Metadata; readonly selector: Selector }[] {
  const { kind, metadata, spec } = manifest;
  if (kind === 'PodMonitor' || spec === undefined) return [];
  const given = spec.selector ?? spec.podSelector;
  if (given === undefined) return [];
  const selector = 'matchLabels' in given ? given.matchLabels : given;
  return [{ kind, metadata, selector: selector as Selector }];
}
