/** The tour as a list of steps that check what they show; run by `npm run tour`, and by a test. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { collectErrors } from '@astrolabe/testkit/browser';
import { StepError } from '../step-error.ts';
import { auditTells } from './steps/audit-tells.ts';
import { audienceArrives } from './steps/audience-arrives.ts';
import { callsAreRejected } from './steps/calls-are-rejected.ts';
import { deadLettersAreRedriven } from './steps/dead-letters-are-redriven.ts';
import { keyIsReplaced } from './steps/key-is-replaced.ts';
import { keyIsRevoked } from './steps/key-is-revoked.ts';
import { replayIsRun } from './steps/replay-is-run.ts';
import { createTourContext, type TourContext, type TourOptions } from './tour-context.ts';

export interface TourStep {
  readonly title: string;
  /** Does something in the page and checks it there and at the API; rejects when it does not hold. */
  readonly run: (context: TourContext) => Promise<void>;
}

export const tourSteps: readonly TourStep[] = [
  { title: 'An audience arrives, and is seen on its way', run: audienceArrives },
  { title: 'Astrolabe rejects events, which become dead letters', run: callsAreRejected },
  { title: 'The API key is revoked: the overview says so, and commands wait', run: keyIsRevoked },
  { title: 'The connector gets a new key, and what waited is delivered', run: keyIsReplaced },
  { title: 'The dead letters are sent again, each once', run: deadLettersAreRedriven },
  { title: 'A replay is planned, counted and run', run: replayIsRun },
  { title: 'The audit tells who changed what', run: auditTells },
];

/** A step of the tour did not hold. */
export class TourStepError extends StepError {
  override readonly name = 'TourStepError';
  /** The page as it was then. */
  readonly picture: string;

  constructor(step: string, cause: unknown, picture: string) {
    super(step, cause);
    this.picture = picture;
  }
}

/**
 * Runs all steps in order. The pipeline must have a console, one connector, and no other sender. Rejects with a
 * `TourStepError` at the first check that does not hold.
 */
export async function runTour(options: TourOptions): Promise<void> {
  const context = await createTourContext(options);
  const { page, report, pictures, segment } = context;
  const errors = collectErrors(page);
  const check = (step: string, work: () => Promise<void>): Promise<void> =>
    work().catch(async (error: unknown) => {
      const picture = join(pictures, 'failed.png');
      await page.screenshot({ path: picture, fullPage: true }).catch(() => undefined);
      throw new TourStepError(step, error, picture);
    });
  try {
    for (const [index, { title, run }] of tourSteps.entries()) {
      report.step(index + 1, title);
      await check(`step ${index + 1}, "${title}"`, () => run(context));
    }
    await check('the whole way', async () => assert.deepEqual(errors, [], "errors in the pages' scripts"));
  } finally {
    await segment.close();
  }
}
