/** What a container of a rendered manifest finds in its environment, where it runs as a plain process. No I/O. */
import type { Container } from '../chart/manifests.ts';

/** By name: what is in each Secret, by key. */
export type Secrets = ReadonlyMap<string, Readonly<Record<string, string>>>;

export interface PodPlace {
  readonly podName: string;
  /** A pod has an address of its own, and so this machine gives it one. */
  readonly address: string;
  /** What the container sees as `/`. */
  readonly root: string;
  readonly secrets: Secrets;
  /** By the name of a Service: the address of the pod behind it, for there is no DNS of a cluster here. */
  readonly services?: ReadonlyMap<string, string>;
}

/** The value of `listenAddress` that means every address of the pod. */
const EVERY_ADDRESS = '0.0.0.0';

/**
 * The variables as Kubernetes sets them, with what only holds within a cluster put right: paths below a mount lie below
 * `root`, every address is the pod's, and Services have the addresses of their pods. Throws for a variable that comes
 * from something else.
 */
export function environmentIn(container: Container, place: PodPlace): Readonly<Record<string, string>> {
  return Object.fromEntries(
    container.env.map(({ name, value, valueFrom }) => {
      if (value !== undefined) return [name, localised(value, container, place)];
      if (valueFrom?.fieldRef?.fieldPath === 'metadata.name') return [name, place.podName];
      if (valueFrom?.secretKeyRef !== undefined) {
        const { name: secret, key } = valueFrom.secretKeyRef;
        return [name, secretValue(place.secrets, secret, key)];
      }
      throw new Error(`${container.name}: ${name} comes from ${JSON.stringify(valueFrom)}, which is not known here`);
    }),
  );
}

/** Throws as a pod that cannot be mounted would wait. */
export function secretValue(secrets: Secrets, name: string, key: string): string {
  const value = secrets.get(name)?.[key];
  if (value === undefined)
    throw new Error(`the manifests name the key ${key} of the Secret ${name}, which is not there`);
  return value;
}

function localised(value: string, { volumeMounts }: Container, { address, root, services }: PodPlace): string {
  if (value === EVERY_ADDRESS) return address;
  if (services !== undefined && value.startsWith('http://')) {
    return value.replaceAll(/(?<=http:\/\/)[^/:,]+/g, (host) => services.get(host) ?? host);
  }
  const isMounted = volumeMounts.some(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
  return isMounted ? `${root}${value}` : value;
}
