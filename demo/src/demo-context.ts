/** What the steps of the demo share. */
import { createCommandDecoder, type CommandDecoder } from '@astrolabe/records/serde';
import { createAstrolabeClient, type AstrolabeClient } from './astrolabe-client.ts';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { createSegmentSender, type SegmentSender, type SentEvent } from './segment-sender.ts';
import { readServiceCounters, type ServiceCounters } from './service-counters.ts';
import { topicEnds, type TopicOffsets } from './topic-records.ts';
import type { StepReport } from './screen/step-report.ts';

/** Told of everything as it happens. */
export interface DemoReport extends StepReport {
  /** The totals at the end, as lines of a table. */
  totals(lines: readonly string[]): void;
  /** Something is waited for; the returned function says that it came. */
  waiting(what: string): () => void;
}

/** Where topics and counters stood before the first step: the demo counts its own, whatever the data folder held. */
export interface Baseline {
  readonly events: TopicOffsets;
  readonly eventsDeadLetters: TopicOffsets;
  readonly commands: TopicOffsets;
  readonly commandsDeadLetters: TopicOffsets;
  readonly counters: ServiceCounters;
  readonly lastCall: number;
}

export interface DemoContext {
  readonly pipeline: Pipeline;
  readonly report: DemoReport;
  readonly astrolabe: AstrolabeClient;
  readonly segment: SegmentSender;
  readonly decoder: CommandDecoder;
  readonly baseline: Baseline;
  /** The events of the trails, in their order. */
  readonly trails: SentEvent[];
  /** Records written past the pipeline's own producers, on each of the two topics. */
  readonly poison: { events: number; commands: number };
  /** Set by the step that re-reads the command topic: the dispatcher counts from 0 in each life. */
  reread: { readonly before: ServiceCounters; readonly records: number } | undefined;
}

export async function createDemoContext(pipeline: Pipeline, report: DemoReport): Promise<DemoContext> {
  const { kafka, topics, addresses, schemaRegistry } = pipeline;
  const astrolabe = createAstrolabeClient(addresses.astrolabe, addresses.apiKey);
  const names = [topics.segmentEvents, topics.segmentEventsDeadLetters, topics.commands, topics.commandsDeadLetters];
  const [ends, counters, calls] = await Promise.all([
    topicEnds(
      kafka,
      names.map(({ name }) => name),
    ),
    readServiceCounters(pipeline),
    astrolabe.calls(0),
  ]);
  const [events, eventsDeadLetters, commands, commandsDeadLetters] = ends as [
    TopicOffsets,
    TopicOffsets,
    TopicOffsets,
    TopicOffsets,
  ];
  return {
    pipeline,
    report,
    astrolabe,
    segment: createSegmentSender(addresses.ingest, addresses.apiKey),
    decoder: createCommandDecoder(schemaRegistry),
    baseline: {
      events,
      eventsDeadLetters,
      commands,
      commandsDeadLetters,
      counters,
      lastCall: calls.at(-1)?.sequence ?? 0,
    },
    trails: [],
    poison: { events: 0, commands: 0 },
    reread: undefined,
  };
}

/** How long a step waits for something that normally takes milliseconds. */
export const STEP_TIMEOUT_MS = 20_000;

/** Says that something is waited for until `work` has ended. */
export async function waitFor<T>({ report }: DemoContext, what: string, work: () => Promise<T>): Promise<T> {
  const came = report.waiting(what);
  try {
    return await work();
  } finally {
    came();
  }
}
