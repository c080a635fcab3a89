/** What the steps of the tour share, and how they look at a page. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { scaledTimeoutMs } from '@astrolabe/testkit';
import type { Locator, Page } from 'playwright-core';
import { createAstrolabeClient, type AstrolabeClient } from '../astrolabe-client.ts';
import { createSegmentSender, type SegmentSender } from '../segment-sender.ts';
import type { StepReport } from '../screen/step-report.ts';

export interface TourContext {
  readonly pipeline: Pipeline;
  /** The console's address, without a slash at its end. */
  readonly console: string;
  readonly page: Page;
  readonly report: StepReport;
  readonly segment: SegmentSender;
  /** Looks with a key of its own, which is never revoked. */
  readonly astrolabe: AstrolabeClient;
  /** Folder that pictures are written to. */
  readonly pictures: string;
  /** Ids of the commands that became dead letters, once there are some. */
  readonly deadCommands: string[];
}

/** A page does not show what it should. */
export class TourCheckError extends Error {
  override readonly name = 'TourCheckError';
}

/** The tour's own, to look into the workspace while the connector's is revoked. */
export const LOOKING_KEY = 'key-to-look-with';

/** Pages follow what happens in steps of some seconds: this is far more. */
const SEE_TIMEOUT_MS = 40_000;

export interface TourOptions {
  /** With its console. */
  readonly pipeline: Pipeline;
  readonly page: Page;
  readonly report: StepReport;
  readonly pictures: string;
}

export async function createTourContext({ pipeline, page, report, pictures }: TourOptions): Promise<TourContext> {
  const { addresses, connector } = pipeline;
  if (addresses.console === undefined) throw new Error('the tour needs a pipeline with its console');
  await mkdir(pictures, { recursive: true });
  page.setDefaultTimeout(scaledTimeoutMs(SEE_TIMEOUT_MS));
  const astrolabe = createAstrolabeClient(addresses.astrolabe, LOOKING_KEY);
  const context: TourContext = {
    pipeline,
    console: addresses.console,
    page,
    report,
    segment: createSegmentSender(addresses.ingest, addresses.apiKey),
    astrolabe,
    pictures,
    deadCommands: [],
  };
  await acceptKeys(context, connector.apiKey);
  return context;
}

/** The API takes these keys of the connector, and the one that the tour looks with. */
export async function acceptKeys({ astrolabe, pipeline }: TourContext, ...keys: readonly string[]): Promise<void> {
  const { id: connector } = pipeline.connector;
  await astrolabe.replaceApiKeys([LOOKING_KEY, ...keys].map((key) => ({ connector, key })));
}

/** Waits until the page shows it. Rejects with what the page shows instead. */
export async function see({ page }: Pick<TourContext, 'page'>, what: string, shown: Locator): Promise<void> {
  try {
    await shown.first().waitFor();
  } catch (error) {
    throw new TourCheckError(`${pathOf(page)} does not show ${what}; it shows ${await describe(page)}`, {
      cause: error,
    });
  }
}

/** Waits until the page does not show it any more. */
export async function seeGone({ page }: Pick<TourContext, 'page'>, what: string, shown: Locator): Promise<void> {
  try {
    await shown.first().waitFor({ state: 'detached' });
  } catch (error) {
    throw new TourCheckError(`${pathOf(page)} still shows ${what}`, { cause: error });
  }
}

/** Follows a link of the navigation. */
export async function openPage(context: TourContext, name: string): Promise<void> {
  const { page } = context;
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
  await see(context, `the page "${name}"`, headingOf(page, name));
}

export function headingOf(page: Page, name: string): Locator {
  return page.getByRole('heading', { level: 1, name, exact: true });
}

/** The value beside its name in a list of facts. */
export function factOf(scope: Page | Locator, name: string): Locator {
  return scope.locator(`dt:text-is("${name}") + dd`);
}

/** Writes the page as it is now. */
export async function takePicture({ page, pictures, report }: TourContext, name: string): Promise<void> {
  const path = join(pictures, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  report.fact('picture', path);
}

function pathOf(page: Page): string {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** Its heading, and what it warns of. */
async function describe(page: Page): Promise<string> {
  const parts = await page.locator('h1, [role="alert"], .note, dialog[open]').allInnerTexts();
  const told = parts.map((part) => part.replaceAll(/\s+/g, ' ').trim()).filter((part) => part !== '');
  return told.length === 0 ? 'nothing' : `"${told.join('" and "').slice(0, 1_000)}"`;
}
