/** `npm start`: brings the pipeline up and keeps it up until it is told to stop. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { runMain } from '@astrolabe/testkit';
import { lookCommand, sendCommand, toJsonLine } from './addresses.ts';
import { parseArguments, type RunArguments } from './arguments.ts';
import { openDataFolder } from '@astrolabe/local-pipeline';
import { listenForInterruption } from './interruption.ts';
import { startPipeline, tracingVariables, type Pipeline } from '@astrolabe/local-pipeline';
import { screenOn, seconds, type Screen } from './screen/screen.ts';

const USAGE = `usage: npm start [-- [--data DIR] [--json]]

Starts Kafka, a schema registry, the reference Astrolabe API, the three services and their console, and stays until
Ctrl-C.

  --data DIR   keeps events, state and keys in DIR and uses them again; without it they are gone at the end
  --json       prints one line of JSON with all addresses once everything is ready, and nothing else, on standard output
               (npm itself prints a banner there, unless it is called as: npm start --silent -- --json)
  --help       prints this`;

const parsed = parseArguments(process.argv.slice(2), {
  takes: 'json',
  workingDirectory: process.env.INIT_CWD ?? process.cwd(),
});
process.exit(await runMain(parsed, USAGE, run));

async function run({ json, dataDir }: RunArguments): Promise<number> {
  const interruption = listenForInterruption(process.env);
  // With --json people read standard error, and scripts read standard output.
  const screen = screenOn(json ? process.stderr : process.stdout, process.env);
  const folder = await openDataFolder(dataDir);
  process.on('exit', () => folder.remove());

  const ended = Promise.withResolvers<string>();
  const startedAtMs = performance.now();
  const tracing = tracingVariables(process.env);
  let pipeline: Pipeline;
  try {
    pipeline = await unlessAborted(
      startPipeline({
        folder,
        env: process.env,
        topicPrefix: process.env.KAFKA_TOPIC_PREFIX ?? '',
        variables: { ingest: tracing, mapper: tracing, dispatcher: tracing },
        withConsole: true,
        acceptsNewKeys: true,
        onProgress: (progress) => screen.progress(progress),
        onUnexpectedEnd: (what) => ended.resolve(what),
        signal: interruption.signal,
      }),
      interruption.signal,
    );
  } catch (error) {
    screen.close();
    // Exiting ends whatever has been started so far: none of it outlives this process.
    if (interruption.signal.aborted) return interruption.exitCode();
    screen.line(`The pipeline could not be started: ${errorMessage(error)}`);
    return 1;
  }
  screen.close();
  if (json) process.stdout.write(`${toJsonLine(pipeline.addresses)}\n`);
  else introduce(screen, pipeline, performance.now() - startedAtMs);

  const failure = await unlessAborted(ended.promise, interruption.signal).catch(() => undefined);
  if (failure !== undefined) screen.line(`${failure}. Stopping everything.`);
  const stopped = screen.waiting('stopping');
  try {
    await pipeline.close();
    return failure === undefined ? 0 : 1;
  } catch (error) {
    if (failure === undefined) screen.line(`A process did not stop as it should: ${errorMessage(error)}`);
    return 1;
  } finally {
    stopped();
    screen.close();
  }
}

function introduce(screen: Screen, { addresses, folder, stack }: Pipeline, tookMs: number): void {
  const { style } = screen;
  const label = (text: string): string => style.faint(text.padEnd(16));
  screen.line(style.strong(`The pipeline is up after ${seconds(tookMs)}.`));
  screen.line();
  screen.line('Send an event:');
  screen.line(`  ${sendCommand(addresses)}`);
  screen.line('See what became of it:');
  screen.line(`  ${lookCommand(addresses)}`);
  screen.line();
  screen.line(`${label('console')} ${addresses.console ?? ''}  (see it flow, in a browser)`);
  screen.line(
    `${label('events')} ${addresses.ingest}/v1/batch, or any Segment SDK with this host and the key as write key`,
  );
  screen.line(`${label('API key')} ${addresses.apiKey}  (connector "${addresses.connector}")`);
  screen.line(`${label('Astrolabe API')} ${addresses.astrolabe}`);
  screen.line(`${label('Kafka')} ${addresses.kafka}  (${stack.kind}: ${stack.reason})`);
  screen.line(`${label('schema registry')} ${addresses.schemaRegistry}`);
  screen.line(`${label('metrics')} ${addresses.metrics.ingest}  (ingest)`);
  screen.line(`${label('')} ${addresses.metrics.mapper}  (mapper)`);
  screen.line(`${label('')} ${addresses.metrics.dispatcher}  (dispatcher)`);
  screen.line(
    `${label('data')} ${folder.path}${folder.isKept ? '' : '  (temporary; keep it with: npm start -- --data DIR)'}`,
  );
  screen.line(`${label('logs')} ${folder.logs}`);
  screen.line();
  screen.line('Ctrl-C stops everything.');
}
