/** Who uses the program, for the audit, and the one way in which its verbs change something. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { createAuditor, openAuditLog, type AuditedCaller, type Auditor, type Cluster } from '@astrolabe/operations';
import { readConfig, type Environment } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { withCluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { clusterConfig, operatorConfig } from '../config.ts';

/** Everything that `use` changes through the auditor is recorded before and after. */
export async function withAuditor<Result>(
  context: Pick<CommandContext, 'env' | 'clock' | 'note'>,
  cluster: Pick<Cluster, 'topics' | 'inspector' | 'openProducer'>,
  use: (auditor: Auditor) => Promise<Result>,
): Promise<Result> {
  const log = await openAuditLog(cluster);
  try {
    return await use(auditorOn(context, log));
  } finally {
    await log.close();
  }
}

export function auditorOn(
  { env, clock, note }: Pick<CommandContext, 'env' | 'clock' | 'note'>,
  log: Awaited<ReturnType<typeof openAuditLog>>,
): Auditor {
  const onEndLost = (error: unknown): void =>
    note(`What was done is not recorded as ended in the audit: ${errorMessage(error)}`);
  return createAuditor({ log, clock, newId: randomUUID, onEndLost }, callerOf(env));
}

/**
 * As `withAuditor`, for what changes no topic. Without KAFKA_BROKERS it is done without a record: a connectors file can
 * be prepared where no broker can be reached.
 */
export async function withAuditorOfBrokers<Result>(
  context: Pick<CommandContext, 'env' | 'clock' | 'note' | 'signal'>,
  use: (auditor: Auditor) => Promise<Result>,
): Promise<Result> {
  if ((context.env['KAFKA_BROKERS'] ?? '') === '') {
    return use((_action, perform) => {
      context.note('This is not recorded in the audit, because KAFKA_BROKERS is not set.');
      return perform();
    });
  }
  const config = readConfig(clusterConfig, context.env);
  return withCluster(context, config, (cluster) => withAuditor(context, cluster, use));
}

function callerOf(env: Environment): AuditedCaller {
  const { operator } = readConfig(operatorConfig, env);
  const user = userName();
  return { program: 'cli', name: operator ?? user, from: `${user}@${hostname()}` };
}

/** A container may run under a number that no user has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
