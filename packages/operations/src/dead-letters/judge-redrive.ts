/** Judges each dead letter of a plan, and keeps the counts. */
import type { CommandDecoder, CommandEncoder } from '@astrolabe/records/serde';
import type { Cluster } from '../cluster/cluster.ts';
import { readContent } from './content.ts';
import { buildRedrive, type Redrive } from './core/build-redrive.ts';
import type { DeadLetterContent } from './core/dead-letter-content.ts';
import { positionOf, sourceTopics, type DeadLetter, type DeadLetterRole } from './core/dead-letter.ts';
import { noCounts, type LeftDeadLetter, type RedriveReport } from './core/redrive-counts.ts';
import type { DecisionLog } from './decision-log.ts';
import type { DecisionPlan } from './plan-decision.ts';

/** For edited commands; undefined where no registry is configured, or lacks the schemas. */
export interface CommandCodec {
  readonly decoder: CommandDecoder | undefined;
  readonly encoder: CommandEncoder | undefined;
}

export type SentRedrive = Extract<Redrive, { kind: 'send' }>;

export class RedriveJudge {
  readonly #plan: DecisionPlan;
  readonly #partitions: ReadonlyMap<DeadLetterRole, number>;
  readonly #codec: CommandCodec;
  readonly #maxRedrives: number;
  readonly #counts = noCounts();
  readonly #refusals: LeftDeadLetter[] = [];
  readonly #untrusted: LeftDeadLetter[] = [];
  readonly #found = new Set<string>();
  #edited = 0;

  /** `partitions`: how many each source topic has. */
  constructor(
    plan: DecisionPlan,
    partitions: ReadonlyMap<DeadLetterRole, number>,
    codec: CommandCodec,
    maxRedrives: number,
  ) {
    this.#plan = plan;
    this.#partitions = partitions;
    this.#codec = codec;
    this.#maxRedrives = maxRedrives;
  }

  /** Undefined for one that is not sent back; the report says why. */
  async judge(deadLetter: DeadLetter, log: DecisionLog): Promise<SentRedrive | undefined> {
    const position = positionOf(deadLetter.record);
    this.#found.add(position);
    const state = log.stateOf(deadLetter.record);
    if (state !== 'waiting') {
      this.#counts[state === 'dismissed' ? 'dismissed' : 'alreadyRedriven'] += 1;
      return undefined;
    }
    const redrive = await this.#build(deadLetter, position);
    switch (redrive.kind) {
      case 'send':
        this.#counts.redriven += 1;
        if (redrive.isEdited) this.#edited += 1;
        return redrive;
      case 'exhausted':
        this.#counts.exhausted += 1;
        return undefined;
      case 'untrusted':
        this.#counts.untrusted += 1;
        this.#untrusted.push({ position, reason: redrive.reason });
        return undefined;
      case 'refused':
        this.#counts.refused += 1;
        this.#refusals.push({ position, reason: redrive.reason });
        return undefined;
    }
  }

  get refusals(): readonly LeftDeadLetter[] {
    return this.#refusals;
  }

  report(): RedriveReport {
    const missing = [...(this.#plan.only ?? [])].filter((position) => !this.#found.has(position));
    return {
      counts: { ...this.#counts },
      edited: this.#edited,
      selected: this.#found.size + missing.length,
      missing,
      untrusted: [...this.#untrusted],
      refusals: [...this.#refusals],
      maxRedrives: this.#maxRedrives,
    };
  }

  async #build(deadLetter: DeadLetter, position: string): Promise<Redrive> {
    const { role } = deadLetter;
    const { decoder, encoder } = this.#codec;
    const edited = this.#plan.edited.get(position)?.value;
    // A command that is not edited goes back as it is: no registry is needed for it.
    const isOpaque = role === 'commands' && edited === undefined;
    const content: DeadLetterContent = isOpaque ? { kind: 'none' } : await readContent(deadLetter, decoder);
    const partitions = this.#partitions.get(role);
    if (partitions === undefined) throw new Error(`the plan of a redrive holds no ${role}, but one was read`);
    const wish = { edited, asTrusted: this.#plan.trusted.has(position) };
    return buildRedrive(deadLetter, content, wish, { maxRedrives: this.#maxRedrives, partitions, encoder });
  }
}

export async function createRedriveJudge(
  { admin, topics }: Pick<Cluster, 'admin' | 'topics'>,
  plan: DecisionPlan,
  codec: CommandCodec,
  maxRedrives: number,
): Promise<RedriveJudge> {
  const sources = sourceTopics(topics);
  const partitions = new Map<DeadLetterRole, number>();
  for (const { role } of plan.selection.parts) partitions.set(role, (await admin.watermarks(sources[role])).length);
  return new RedriveJudge(plan, partitions, codec, maxRedrives);
}
