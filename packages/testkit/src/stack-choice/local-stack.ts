/**
 * A real Kafka and a real schema registry for demo, tests and bench: somebody else's, containers, or processes of this
 * machine, whichever is there first in this order.
 */
import { resolve } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { findDockerEngine } from '../containers/docker-engine.ts';
import { useExternalStack } from './external-stack.ts';
import { findJvmInstallation } from '../jvm/jvm-installation.ts';
import { provideJvmPrograms } from '../jvm/provide-jvm-programs.ts';
import { startJvmStack } from '../jvm/jvm-stack.ts';
import type { RunningStack } from '../stack/running-stack.ts';
import { stackUnavailable } from './stack-requirements.ts';
import { readStackSettings } from './stack-settings.ts';
import type { StackKind } from './stack-settings.ts';
import type { OnProgress } from '../stack/stack-progress.ts';

export interface LocalStackOptions {
  /** Topics, offsets and schemas are kept there and found again. Undefined: everything is gone after `stop`. */
  readonly dataDir?: string;
  /** The environment to decide by. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Called once, with the line that says which way was taken and why. */
  readonly log?: (line: string) => void;
  readonly onProgress?: OnProgress;
}

export interface LocalStack extends RunningStack {
  readonly kind: StackKind;
  /** Why this kind. */
  readonly reason: string;
}

type Attempt =
  { readonly kind: 'running'; readonly stack: LocalStack } | { readonly kind: 'unusable'; readonly reason: string };

/**
 * Resolves when broker and registry serve. They end with this process, however it ends; `stop` ends them in order.
 *
 * Throws `config.invalid` for variables that contradict each other and `stack.unavailable` when no way is open; the
 * message then says what to install. A way that is open but fails is thrown as it is, not passed over.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { env, log = () => undefined, onProgress = () => undefined } = options;
  const dataDir = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  const { forced, external } = readStackSettings(env);
  const announce = (kind: StackKind, reason: string): void => log(`local stack: ${kind} (${reason})`);

  if (external !== undefined && (forced ?? 'external') === 'external') {
    const reason = 'KAFKA_BROKERS and SCHEMA_REGISTRY_URL are set';
    announce('external', reason);
    return { kind: 'external', reason, ...(await useExternalStack(external)) };
  }

  const refusals: string[] = [];
  for (const { kind, attempt } of ways) {
    if (forced !== undefined && forced !== kind) continue;
    const why = forced === undefined ? refusals : [`ASTROLABE_STACK=${forced}`];
    const outcome = await attempt({
      env,
      dataDir,
      onProgress,
      announce: (reason) => announce(kind, reason),
      why,
    });
    if (outcome.kind === 'running') return outcome.stack;
    refusals.push(outcome.reason);
  }
  throw stackUnavailable(forced, refusals);
}

interface AttemptContext {
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string | undefined;
  readonly onProgress: OnProgress;
  readonly announce: (reason: string) => void;
  /** What led here. */
  readonly why: readonly string[];
}

async function tryContainers({ env, dataDir, onProgress, announce, why }: AttemptContext): Promise<Attempt> {
  const engine = await findDockerEngine(env);
  if (engine.kind === 'unreachable') return { kind: 'unusable', reason: engine.reason };
  const reason = [...why, `Docker answers at ${engine.endpoint}`].join('; ');
  // Half a second of loading that the other ways need not pay.
  const { startContainerStack, prepareEngine, ContainersUnusable } = await import('../containers/container-stack.ts');
  try {
    const prepared = await prepareEngine(onProgress);
    announce(reason);
    const stack = await startContainerStack({ client: prepared, dataDir, onProgress });
    return { kind: 'running', stack: { kind: 'containers', reason, ...stack } };
  } catch (error) {
    if (!(error instanceof ContainersUnusable)) throw error;
    return { kind: 'unusable', reason: `Docker answers at ${engine.endpoint}, but ${errorMessage(error)}` };
  }
}

async function tryJvm({ env, dataDir, onProgress, announce, why }: AttemptContext): Promise<Attempt> {
  const installation = await findJvmInstallation(env);
  if (installation.kind === 'unusable') return installation;
  const reason = [...why, installation.summary].join('; ');
  announce(reason);
  const programs = await provideJvmPrograms(installation, env, onProgress);
  const stack = await startJvmStack({ programs, env, dataDir, onProgress });
  return { kind: 'running', stack: { kind: 'jvm', reason, ...stack } };
}

/** In the order of preference. */
const ways = [
  { kind: 'containers', attempt: tryContainers },
  { kind: 'jvm', attempt: tryJvm },
] as const;
