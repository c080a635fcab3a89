/** Topics, schemas and the doctor's findings, each read for all tabs together. */
import {
  checkSchemas,
  checkTopics,
  runDoctor,
  type DoctorOptions,
  type Finding,
  type RegistryInspector,
  type TopicsCheck,
} from '@astrolabe/operations';
import type { Topics } from '@astrolabe/records';
import { commandKinds, type CommandKind } from '@astrolabe/schemas';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import type { Clock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { mapPanel } from '../panel.ts';
import type { DoctorAnswer, SchemasAnswer, TopicsAnswer } from '../shapes/contracts.ts';
import type { Panel } from '../shapes/values.ts';
import { CachedRead } from '../sources/cached-read.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';

export interface ContractReadsOptions {
  readonly clusters: ClusterSource;
  readonly topics: Topics;
  readonly topicSettings: { readonly replicationFactor: number; readonly ledgerWindowMs: number };
  readonly registry: RegistryInspector;
  /** All that the doctor examines, but for what it is given here. */
  readonly doctor: Omit<DoctorOptions, 'clock' | 'signal' | 'onEvent'>;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

const TOPICS_FRESH_MS = 15_000;
const SCHEMAS_FRESH_MS = 30_000;
const DOCTOR_FRESH_MS = 60_000;
/** The doctor asks brokers, registry and the API of each connector: at most a tenth of the time. */
const DOCTOR_SHARE = 10;

export class ContractReads {
  readonly #options: ContractReadsOptions;
  readonly #topics: CachedRead<TopicsCheck>;
  readonly #schemas: CachedRead<Extract<SchemasAnswer['schemas'], { kind: 'ready' }>['value']>;
  readonly #doctor: CachedRead<readonly Finding[]>;

  constructor(options: ContractReadsOptions) {
    this.#options = options;
    const { clusters, topicSettings, clock, waitMs, signal } = options;
    const shared = { clock, waitMs, signal };
    this.#topics = new CachedRead({
      ...shared,
      what: 'the topics',
      freshMs: TOPICS_FRESH_MS,
      read: async () => checkTopics(await clusters.get(), topicSettings),
    });
    this.#schemas = new CachedRead({
      ...shared,
      what: 'the registry',
      freshMs: SCHEMAS_FRESH_MS,
      read: () => this.#readSchemas(),
    });
    this.#doctor = new CachedRead({
      ...shared,
      what: 'the doctor',
      freshMs: (tookMs) => Math.max(DOCTOR_FRESH_MS, tookMs * DOCTOR_SHARE),
      read: (ends) => this.#examine(ends),
    });
  }

  async topics(): Promise<TopicsAnswer> {
    return { topics: mapPanel(await this.#topics.panel(), (check) => toTopics(this.#options.topics, check)) };
  }

  async schemas(): Promise<SchemasAnswer> {
    return { schemas: await this.#schemas.panel() };
  }

  async doctor(): Promise<DoctorAnswer> {
    return this.#toDoctor(await this.#doctor.panel());
  }

  /** What the doctor has found by now, without waiting for it. */
  doctorSoFar(): DoctorAnswer {
    return this.#toDoctor(this.#doctor.peek());
  }

  /** Something was applied: the next who asks sees it. */
  expire(): void {
    for (const each of [this.#topics, this.#schemas, this.#doctor]) each.expire();
  }

  #toDoctor(panel: Panel<readonly Finding[]>): DoctorAnswer {
    const { tookMs = 0, freshMs = DOCTOR_FRESH_MS } = this.#doctor.timing() ?? {};
    return {
      doctor: mapPanel(panel, (findings) => ({
        problems: findings.filter(({ level }) => level === 'problem').length,
        warnings: findings.filter(({ level }) => level === 'warning').length,
        findings: [...findings],
        tookSeconds: tookMs / 1_000,
        freshForSeconds: freshMs / 1_000,
      })),
    };
  }

  async #examine(signal: AbortSignal): Promise<readonly Finding[]> {
    const { doctor, clock } = this.#options;
    const findings: Finding[] = [];
    await runDoctor({
      ...doctor,
      clock,
      signal,
      onEvent: (event) => {
        if (event.kind === 'finding') findings.push(event.finding);
      },
    });
    return findings;
  }

  async #readSchemas() {
    const { registry, topics } = this.#options;
    const check = await checkSchemas(registry, topics.commands.name);
    const missing = new Set(check.kind === 'missing' ? check.subjects : []);
    const subjects = await Promise.all(
      commandKinds.map(async (kind: CommandKind) => {
        const subject = subjectFor(topics.commands.name, commandSchemas[kind].fullName);
        const level = await registry.compatibilityOf(subject).catch((error: unknown) => {
          if (isPipelineError(error)) throw error;
          return undefined;
        });
        const state = missing.has(subject) ? ('missing' as const) : ('registered' as const);
        return {
          subject,
          state,
          id: check.ids.get(kind),
          compatibility: level?.level,
        };
      }),
    );
    return { isInOrder: check.kind === 'registered', subjects };
  }
}

function toTopics(declared: Topics, { plan, isInOrder, problems }: TopicsCheck) {
  const missing = new Set(plan.create.map(({ name }) => name));
  const differing = new Set([...plan.addPartitions, ...plan.configure, ...plan.refused].map(({ name }) => name));
  const stateOf = (name: string) => {
    if (missing.has(name)) return 'missing' as const;
    return differing.has(name) ? ('differs' as const) : ('in order' as const);
  };
  return {
    isInOrder,
    topics: Object.values(declared).map(({ name, partitions, cleanupPolicy, retentionMs, key, value }) => ({
      name,
      partitions,
      cleanupPolicy,
      retentionHours: retentionMs === undefined ? undefined : retentionMs / 3_600_000,
      key,
      value,
      state: stateOf(name),
    })),
    plan: {
      create: plan.create.map(({ name, partitions, replicationFactor }) => ({ name, partitions, replicationFactor })),
      addPartitions: plan.addPartitions.map((each) => ({ ...each })),
      refused: plan.refused.map((each) => ({ ...each })),
      configure: plan.configure.map(({ name, changes }) => ({ name, changes: changes.map((each) => ({ ...each })) })),
    },
    problems: [...problems],
  };
}
