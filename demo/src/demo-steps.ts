/** The demo as a list of steps that check what they show; run by `npm run demo` and, as assertions, by the tests. */
import { createDemoContext, type DemoContext, type DemoReport } from './demo-context.ts';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { sendWhileApiIsAway } from './steps/api-away.ts';
import { sendPoison } from './steps/poison-records.ts';
import { replayEvents } from './steps/replay-events.ts';
import { rereadCommands } from './steps/reread-commands.ts';
import { runSegmentCall, segmentCallSteps } from './steps/segment-calls.ts';
import { sendAgain } from './steps/send-again.ts';
import { assertBalance, assertNothingPending, readTotals, totalsTable, type DemoTotals } from './steps/totals.ts';
import { StepError } from './step-error.ts';

export interface DemoStep {
  readonly title: string;
  /** Shows something and checks it; rejects when it does not hold. */
  readonly run: (context: DemoContext) => Promise<void>;
}

export const demoSteps: readonly DemoStep[] = [
  ...segmentCallSteps.map((step) => ({
    title: step.title,
    run: (context: DemoContext) => runSegmentCall(context, step),
  })),
  { title: 'The same five requests sent again change nothing', run: sendAgain },
  { title: 'The API is away for some seconds and nothing is lost', run: sendWhileApiIsAway },
  { title: 'A replay of all events of this demo changes nothing', run: replayEvents },
  { title: 'Poison ends in the dead-letter topics, and the pipeline goes on', run: sendPoison },
  { title: 'The command topic read again from its first offset has no second effect', run: rereadCommands },
];

/**
 * Runs all steps in order, then checks that the totals agree. The pipeline must have one connector and no other sender.
 * Rejects with a `StepError` at the first check that does not hold.
 */
export async function runDemoSteps(pipeline: Pipeline, report: DemoReport): Promise<DemoTotals> {
  const context = await createDemoContext(pipeline, report);
  try {
    for (const [index, { title, run }] of demoSteps.entries()) {
      report.step(index + 1, title);
      await run(context).catch((error: unknown) => {
        throw new StepError(`step ${index + 1}, "${title}"`, error);
      });
    }
    return await balance(context).catch((error: unknown) => {
      throw new StepError('the totals', error);
    });
  } finally {
    await context.segment.close();
  }
}

async function balance(context: DemoContext): Promise<DemoTotals> {
  await assertNothingPending(context);
  const totals = await readTotals(context);
  context.report.totals(totalsTable(totals));
  assertBalance(totals);
  return totals;
}
