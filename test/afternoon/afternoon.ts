/** The steps of the afternoon, each of which the next one stands on. */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { rightsHolders, toKafkaAcls, type Right } from '@astrolabe/records';
import { startReferenceApi, type RunningReferenceApi } from '@astrolabe/reference-api';
import { eventually, startOtlpReceiver, type OtlpReceiver } from '@astrolabe/testkit';
import type { Manifest } from '../chart/manifests.ts';
import { allow, parsePrintedAcls } from '../secured/access-rules.ts';
import { startSecuredKafka, type SecuredKafka } from '../secured/secured-kafka.ts';
import {
  addressesOf,
  printUserLine,
  signIn,
  untilDelivered,
  untilWatched,
  type ConsoleVisit,
} from './console-visit.ts';
import { provideKafkaAcls, runPrinted, writeAdminProperties } from './kafka-acls.ts';
import type { Secrets } from './pod-environment.ts';
import { createNode, runAstrolabe, runToEnd, startPods, type Node, type RunningPod } from './pods.ts';
import { startPrometheus } from './prometheus.ts';
import { manifestOf, renderChart, RELEASE } from './rendered-chart.ts';
import { deliver, untilTraced } from './sent-event.ts';
import {
  API_KEY_FILE,
  AUTHORITY_SECRET,
  CONNECTOR,
  CONNECTORS_SECRET,
  CONSOLE_SECRET,
  CONSOLE_USER,
  connectorsFile,
  TOPIC_PREFIX,
  userOf,
  users,
  valuesFor,
} from './values.ts';

export interface AfternoonOptions {
  /** Paths of the programs. Without `prometheus` no alert is shown. */
  readonly helm: string;
  readonly toolsJar: string;
  readonly prometheus: string | undefined;
  /** For all that is written; empty at first. */
  readonly folder: string;
  readonly say: Say;
}

export interface Say {
  step(title: string): void;
  note(line: string): void;
}

const FIRST_KEY = 'first-key-of-acme';
const SECOND_KEY = 'second-key-of-acme';
const CONSOLE_PASSWORD = 'password of ann, who looks';

/** What the steps have started and made. */
interface Scene extends AfternoonOptions {
  readonly kafka: SecuredKafka;
  readonly api: RunningReferenceApi;
  readonly collector: OtlpReceiver;
  readonly node: Node;
  readonly secrets: Map<string, Readonly<Record<string, string>>>;
}

/** Resolves when every step held, and what it started has ended in good order. */
export async function runAfternoon(options: AfternoonOptions): Promise<void> {
  const { say, folder } = options;
  const closings: (() => Promise<unknown>)[] = [];
  try {
    say.step('A Kafka that wants TLS and a login, and obeys access rules; a registry, an API, a collector of traces');
    const kafka = await startSecuredKafka();
    closings.push(() => kafka.stop());
    const api = await startReferenceApi({ apiKeys: [{ connector: CONNECTOR, key: FIRST_KEY }] });
    closings.push(() => api.close());
    const collector = await startOtlpReceiver();
    closings.push(() => collector.close());
    say.note(`SASL_SSL with SCRAM-SHA-512 on ${kafka.stack.addressOf('LOGIN')}`);
    const secrets = await makeSecrets(kafka, folder);
    const node = createNode(folder, `127.${randomInt(1, 255)}.${randomInt(1, 255)}`);
    const scene: Scene = { ...options, kafka, api, collector, node, secrets };

    await grantRights(scene);
    const manifests = await render(scene);
    await setUp(scene, manifests);
    const services = await startServices(scene, manifests);
    closings.push(() => Promise.all(services.map((pod) => pod.stop())));
    const { pod, visit } = await openConsole(scene, manifests, services);
    closings.push(() => pod.stop());
    const pods = [...services, pod];
    await deliverFirstEvent(scene, manifests, pods);
    say.note(`the console shows ${await untilDelivered(visit, 'ada')}`);
    await haltAndResume(scene, manifests, pods);
    say.step('Everything ends');
  } finally {
    for (const close of closings.toReversed()) await close();
  }
  say.note('in good order');
}

/** A user for each holder of rights, and the Secrets that the values name. */
async function makeSecrets(kafka: SecuredKafka, folder: string): Promise<Scene['secrets']> {
  const secrets: Scene['secrets'] = new Map();
  for (const user of users) {
    const password = `password-of-${user}`;
    await kafka.setPassword(user, password);
    secrets.set(user, { password });
  }
  secrets.set(AUTHORITY_SECRET, { 'ca.crt': kafka.authority.cert });
  secrets.set(CONSOLE_SECRET, {
    'session-secret': randomBytes(32).toString('base64'),
    users: await printUserLine(CONSOLE_USER, CONSOLE_PASSWORD, folder),
  });
  return secrets.set(CONNECTORS_SECRET, { 'connectors.json': connectorsFile(), [API_KEY_FILE]: FIRST_KEY });
}

async function grantRights({ say, kafka, toolsJar, folder }: Scene): Promise<void> {
  say.step("The rights of each service, as `astrolabe acls print` prints them, by Kafka's own kafka-acls.sh");
  const principals = rightsHolders.flatMap((holder) => ['--principal', `${holder}=User:${userOf(holder)}`]);
  const commandConfig = join(folder, 'admin.properties');
  await writeAdminProperties({ ...(await makeAdmin(kafka)), caFile: kafka.caFile }, commandConfig);
  const brokers = ['--bootstrap-server', kafka.stack.addressOf('LOGIN'), '--command-config', commandConfig];
  const printed = await runAstrolabe(['acls', 'print', ...principals, ...brokers], {
    KAFKA_TOPIC_PREFIX: TOPIC_PREFIX,
  });
  assert.equal(printed.exitCode, 0, printed.output);
  const commands = printed.output.split('\n').filter((line) => line.startsWith('kafka-acls.sh '));
  say.note(`${commands.length} commands, as: ${commands[0]}`);
  await runPrinted(printed.output, await provideKafkaAcls({ toolsJar, folder }));
}

/** Who grants the rights of others, and has no other right. */
async function makeAdmin(kafka: SecuredKafka): Promise<{ readonly user: string; readonly password: string }> {
  const admin = { user: 'admin', password: 'password-of-admin' };
  await kafka.setPassword(admin.user, admin.password);
  const may = { principal: `User:${admin.user}`, rights: [alterCluster] };
  await allow(kafka.superuser, parsePrintedAcls(toKafkaAcls(may).join('\n')));
  return admin;
}

const alterCluster: Right = {
  resourceType: 'cluster',
  name: 'kafka-cluster',
  pattern: 'literal',
  operations: ['Alter'],
  purpose: 'grant rights',
};

async function render({ say, helm, folder, kafka, api, collector }: Scene): Promise<readonly Manifest[]> {
  say.step('The chart, rendered with the values of this installation');
  const values = valuesFor({
    kafka: kafka.stack.addressOf('LOGIN'),
    registry: kafka.stack.schemaRegistryUrl,
    api: api.url,
    collector: collector.url,
  });
  const manifests = await renderChart({ helm, values, folder });
  say.note(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', '));
  return manifests;
}

/** Fails with the program's words where it ends otherwise than it should. */
async function run({ say, node, secrets }: Scene, manifest: Manifest, container: string): Promise<void> {
  const { exitCode, output } = await runToEnd(node, manifest, { container, secrets });
  assert.equal(exitCode, 0, `${container}:\n${output}`);
  say.note(`${container}: ${output.trim().split('\n').at(-1)}`);
}

async function setUp(scene: Scene, manifests: readonly Manifest[]): Promise<void> {
  scene.say.step(`Topics and schemas, as the chart's Job makes them, with the rights of ${userOf('setup')}`);
  const job = manifestOf(manifests, 'Job', `${RELEASE}-setup`);
  await run(scene, job, 'topics');
  await run(scene, job, 'schemas');
}

async function startServices(
  { say, node, secrets }: Scene,
  manifests: readonly Manifest[],
): Promise<readonly RunningPod[]> {
  say.step('The services, with the environment and the files of their pods');
  const workloads = [
    manifestOf(manifests, 'Deployment', `${RELEASE}-ingest`),
    manifestOf(manifests, 'Deployment', `${RELEASE}-mapper`),
    manifestOf(manifests, 'StatefulSet', `${RELEASE}-dispatcher`),
  ];
  const pods = (await Promise.all(workloads.map((manifest) => startPods(node, manifest, { secrets })))).flat();
  try {
    await Promise.all(pods.map((pod) => pod.untilReady()));
  } catch (error) {
    await Promise.allSettled(pods.map((pod) => pod.stop()));
    throw error;
  }
  say.note(`${pods.map(({ name }) => name).join(', ')}: ready`);
  return pods;
}

async function openConsole(
  { say, node, secrets }: Scene,
  manifests: readonly Manifest[],
  services: readonly RunningPod[],
): Promise<{ readonly pod: RunningPod; readonly visit: ConsoleVisit }> {
  say.step(`The operator's console, with the rights of ${userOf('console')}`);
  const deployment = manifestOf(manifests, 'Deployment', `${RELEASE}-console`);
  const found = { secrets, services: addressesOf(manifests, services) };
  const [pod = assert.fail('the console has no pod')] = await startPods(node, deployment, found);
  try {
    await pod.untilReady();
    const visit = await signIn(pod.urlOf('http'), CONSOLE_USER, CONSOLE_PASSWORD);
    say.note(`${CONSOLE_USER} is signed in at ${pod.urlOf('http')}, and sees ${await untilWatched(visit)}`);
    return { pod, visit };
  } catch (error) {
    await pod.stop().catch(() => undefined);
    throw error;
  }
}

const userAt = async ({ api }: Scene, key: string, userId: string): Promise<boolean> => {
  const answer = await fetch(`${api.url}/v1/users/${userId}`, { headers: { authorization: `Bearer ${key}` } });
  return answer.status === 200;
};

const untilAtApi = (scene: Scene, key: string, userId: string) =>
  eventually(() => userAt(scene, key, userId), { timeoutMs: 60_000, describe: `the user ${userId} at the API` });

function ingestOf(pods: readonly RunningPod[]): string {
  const ingest = pods.find(({ component }) => component === 'ingest');
  assert.ok(ingest);
  return ingest.urlOf('http');
}

async function deliverFirstEvent(
  scene: Scene,
  manifests: readonly Manifest[],
  pods: readonly RunningPod[],
): Promise<void> {
  const { say, collector } = scene;
  say.step('An event is delivered, and its trace seen');
  const traceId = await deliver(ingestOf(pods), 'ada');
  await untilAtApi(scene, FIRST_KEY, 'ada');
  say.note('the user "ada" is at the API');
  for (const line of await untilTraced(collector, traceId, `${TOPIC_PREFIX}segment.events.v1`)) say.note(line);
  say.note(`\`helm test\`, with the rights of ${userOf('operator')}:`);
  await run(scene, manifestOf(manifests, 'Pod', `${RELEASE}-doctor`), 'doctor');
  assert.deepEqual(
    pods.flatMap((pod) => pod.errors()),
    [],
  );
}

async function haltAndResume(scene: Scene, manifests: readonly Manifest[], pods: readonly RunningPod[]): Promise<void> {
  const { say, api, secrets, prometheus: program, folder } = scene;
  if (program === undefined) return;
  say.step("The customer's key is revoked: an alert fires, and is resolved once the key is put right");
  const prometheus = await startPrometheus({
    program,
    folder,
    podMonitor: manifestOf(manifests, 'PodMonitor', RELEASE),
    prometheusRule: manifestOf(manifests, 'PrometheusRule', RELEASE),
    pods,
  });
  try {
    await prometheus.untilWatching();
    await prometheus.untilAlerts('no alert, while all is well', (alerts) => alerts.length === 0);
    say.note(`a Prometheus with the rules of the chart watches at ${prometheus.url}, and sees nothing wrong`);
    api.replaceApiKeys([{ connector: CONNECTOR, key: SECOND_KEY }]);
    await deliver(ingestOf(pods), 'grace');
    const alerts = await prometheus.untilAlerts('the alert of a halted connector', (all) => all.some(isHalted));
    const { summary, runbook_url: runbook } = alerts.find(isHalted)?.annotations ?? {};
    say.note(`firing: ${summary} (${runbook})`);
    assert.equal(runbook, 'docs/operating.md#a-connector-halted');
    assert.equal(await userAt(scene, SECOND_KEY, 'grace'), false);

    secrets.set(CONNECTORS_SECRET, { ...secrets.get(CONNECTORS_SECRET), [API_KEY_FILE]: SECOND_KEY });
    await remount(pods, secrets);
    await untilAtApi(scene, SECOND_KEY, 'grace');
    say.note('the right key is in the Secret, nothing was restarted, and the user "grace" is at the API');
    await prometheus.untilAlerts('every alert to be resolved', (all) => all.length === 0);
    say.note('resolved');
  } finally {
    await prometheus.stop();
  }
}

function isHalted({ state, labels }: { readonly state: string; readonly labels: Readonly<Record<string, string>> }) {
  return state === 'firing' && labels['alertname'] === 'AstrolabeConnectorHalted' && labels['connector'] === CONNECTOR;
}

async function remount(pods: readonly RunningPod[], secrets: Secrets): Promise<void> {
  await Promise.all(pods.map((pod) => pod.remount(secrets)));
}
