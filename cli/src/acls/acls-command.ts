/** `astrolabe acls`: the rights that each service needs at the brokers, printed, and compared with what they have. */
import { checkRights } from '@astrolabe/operations';
import { rightsFor, rightsHolders, toKafkaAcls, toKafkaUser, type RightsHolder } from '@astrolabe/records';
import { readConfig } from '@astrolabe/service-kit';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { withCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { aclsConfig, lagConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, type CommonFlags } from '../flags.ts';
import { comparisonLines } from './comparison-lines.ts';

type Principals = Readonly<Partial<Record<RightsHolder, string>>>;

interface AclsFlags extends CommonFlags {
  readonly principal: Principals;
}

interface PrintFlags extends AclsFlags {
  readonly format: 'kafka-acls' | 'strimzi';
  readonly bootstrapServer?: string;
  readonly commandConfig?: string;
  readonly strimziCluster: string;
  readonly authentication: 'scram-sha-512' | 'tls' | 'tls-external';
}

export function registerAcls(program: Command, act: Act): void {
  const acls = program.command('acls').description('the rights that each service needs at the brokers, and no others');
  addPrincipalOption(
    addVerb(acls, 'print [service...]', `print them; services: ${rightsHolders.join(', ')}`, [
      'astrolabe acls print mapper --principal mapper=User:astrolabe-mapper',
      'astrolabe acls print --bootstrap-server kafka-0:9093 --command-config admin.properties | sh -e',
      'astrolabe acls print --format strimzi --strimzi-cluster events | kubectl apply --filename -',
    ]),
  )
    .addOption(
      new Option('--format <format>', 'commands for Kafka, or KafkaUser resources for Strimzi')
        .choices(['kafka-acls', 'strimzi'])
        .default('kafka-acls'),
    )
    .option('--bootstrap-server <host:port>', 'of the commands for Kafka (default: BROKER, to be filled in)')
    .option('--command-config <file>', 'of the commands for Kafka: the login of somebody who may alter the cluster')
    .option('--strimzi-cluster <name>', 'the Kafka resource that the users belong to', 'kafka')
    .addOption(
      new Option('--authentication <type>', 'of the KafkaUser resources')
        .choices(['scram-sha-512', 'tls', 'tls-external'])
        .default('scram-sha-512'),
    )
    .action(act((context, flags: PrintFlags, services: readonly string[]) => print(context, flags, services)));
  addPrincipalOption(
    addClusterOption(
      addVerb(acls, 'check [service...]', 'compare them with what the brokers have; exit code 1 if any is missing', [
        'astrolabe acls check',
        'astrolabe acls check mapper --json',
      ]),
    ),
  ).action(act((context, flags: AclsFlags, services: readonly string[]) => check(context, flags, services)));
}

function addPrincipalOption(verb: Command): Command {
  return verb.addOption(
    new Option('--principal <service=User:NAME>', 'user of a service; repeatable (default: User: and its name)')
      .argParser(addPrincipal)
      .default({}, ''),
  );
}

function addPrincipal(text: string, before: Principals): Principals {
  const [, service = '', principal = ''] = /^([a-z]+)=(User:.+)$/.exec(text) ?? [];
  const holder = rightsHolders.find((each) => each === service);
  if (holder === undefined) {
    throw new InvalidArgumentError(`expected SERVICE=User:NAME, with one of ${rightsHolders.join(', ')}.`);
  }
  return { ...before, [holder]: principal };
}

function holdersOf(services: readonly string[]): readonly RightsHolder[] {
  if (services.length === 0) return rightsHolders;
  return services.map((service) => {
    const holder = rightsHolders.find((each) => each === service);
    if (holder !== undefined) return holder;
    throw new UsageError(`"${service}" has no rights of its own; expected one of ${rightsHolders.join(', ')}.`);
  });
}

const principalIn =
  (principals: Principals) =>
  (holder: RightsHolder): string =>
    principals[holder] ?? `User:${holder}`;

async function print(
  { env, output }: CommandContext,
  { format, principal, strimziCluster: cluster, authentication, bootstrapServer, commandConfig }: PrintFlags,
  services: readonly string[],
): Promise<ExitCode> {
  const { kafkaTopicPrefix: prefix, mapperGroupId, dispatcherGroupId } = readConfig(aclsConfig, env);
  const rights = rightsFor({ prefix, mapperGroupId, dispatcherGroupId });
  const granted = holdersOf(services).map((holder) => ({
    service: holder,
    principal: principalIn(principal)(holder),
    rights: rights[holder],
  }));
  const lines = granted.flatMap(({ service, ...each }, index) => {
    if (format === 'kafka-acls') return [`# ${service}`, ...toKafkaAcls(each, { bootstrapServer, commandConfig })];
    const name = each.principal.replace(/^User:(?:CN=)?/, '');
    const user = toKafkaUser(each.rights, { name, cluster, authentication }).split('\n');
    return index === 0 ? user : ['---', ...user];
  });
  output.result({ services: granted }, lines);
  return exitCodes.done;
}

async function check(
  context: CommandContext,
  { principal }: AclsFlags,
  services: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(lagConfig, context.env);
  const { mapperGroupId, dispatcherGroupId } = config;
  const holders = holdersOf(services);
  return withCluster(context, config, async (cluster) => {
    const groups = { mapperGroupId, dispatcherGroupId };
    const checked = await checkRights(cluster, { holders, principalOf: principalIn(principal), groups });
    context.output.result(checked, comparisonLines(checked));
    return checked.kind === 'compared' && checked.isInOrder ? exitCodes.done : exitCodes.failed;
  });
}
