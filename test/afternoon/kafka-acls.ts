/**
 * Kafka's own `kafka-acls.sh`, which takes what `astrolabe acls print` prints, as a person would pipe it to a shell.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { machineEnvironment, spawnGuarded } from '@astrolabe/testkit';
import { findJvmInstallation } from '../../packages/testkit/src/jvm/jvm-installation.ts';
import { provideJvmPrograms } from '../../packages/testkit/src/jvm/provide-jvm-programs.ts';

export interface KafkaAclsOptions {
  /** Of Kafka's tools, which brokers do without. */
  readonly toolsJar: string;
  /** Where the program is written. */
  readonly folder: string;
}

/** Compiling it thoroughly would take longer than it runs. */
const JVM_FLAGS = [
  '-Xmx128m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

/** Writes `kafka-acls.sh` into a folder for `PATH`, as Kafka's distribution has it, and gives that folder. */
export async function provideKafkaAcls({ toolsJar, folder }: KafkaAclsOptions): Promise<string> {
  const installation = await findJvmInstallation(process.env);
  if (installation.kind === 'unusable') throw new Error(installation.reason);
  const { java, kafkaClasspath, kafkaFlags } = await provideJvmPrograms(installation, process.env, () => undefined);
  const classPath = `${kafkaClasspath}:${toolsJar}`;
  const words = [java, ...JVM_FLAGS, ...kafkaFlags, '-cp', classPath, 'org.apache.kafka.tools.AclCommand'];
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const program = join(bin, 'kafka-acls.sh');
  await writeFile(program, `#!/bin/sh\nexec ${words.map(quoted).join(' ')} "$@"\n`);
  await chmod(program, 0o755);
  return bin;
}

export interface AdminLogin {
  readonly user: string;
  readonly password: string;
  /** With the certificate of the brokers' authority. */
  readonly caFile: string;
}

/** A file of Kafka's settings for `--command-config`. */
export async function writeAdminProperties({ user, password, caFile }: AdminLogin, path: string): Promise<void> {
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  const lines = [
    'security.protocol=SASL_SSL',
    'sasl.mechanism=SCRAM-SHA-512',
    `sasl.jaas.config=${module} required username="${user}" password="${password}";`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${caFile}`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
}

/** Runs the printed commands in a shell, one after the other. Rejects with what they print where one fails. */
export async function runPrinted(printed: string, bin: string): Promise<void> {
  const machine = machineEnvironment();
  const shell = await spawnGuarded({
    command: '/bin/sh',
    args: ['-e', '-c', printed],
    env: { ...machine, PATH: `${bin}:${machine['PATH'] ?? ''}` },
    output: 'pipe',
    orphanGraceMs: 1_000,
  });
  const { stdout, stderr } = shell.child;
  if (stdout === null || stderr === null) throw new Error('the output of kafka-acls.sh cannot be read');
  const [out, err, { code }] = await Promise.all([text(stdout), text(stderr), shell.exited]);
  if (code !== 0) throw new Error(`kafka-acls.sh ended with ${code}:\n${out}${err}`);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
