/** Where a running pipeline is reached, for scripts and for people. */
import type { PipelineAddresses } from '@astrolabe/local-pipeline';

/** One line of JSON without a line break; the names are a contract with scripts. */
export function toJsonLine(addresses: PipelineAddresses): string {
  const { ingest, astrolabe, console, kafka, schemaRegistry, metrics, apiKey, connector } = addresses;
  return JSON.stringify({
    ingest,
    astrolabe,
    console,
    kafka,
    schemaRegistry,
    metrics: { ingest: metrics.ingest, mapper: metrics.mapper, dispatcher: metrics.dispatcher },
    apiKey,
    connector,
  });
}

/** A shell command that sends an event; works as pasted. */
export function sendCommand({ ingest, apiKey }: PipelineAddresses): string {
  const event = JSON.stringify({ userId: 'userId123', traits: { email: 'john.doe@example.com' } });
  return `curl -u ${shellQuote(`${apiKey}:`)} -H 'Content-Type: application/json' -d ${shellQuote(event)} ${shellQuote(`${ingest}/v1/identify`)}`;
}

/** A shell command that shows what became of it; works as pasted. */
export function lookCommand({ astrolabe, apiKey }: PipelineAddresses): string {
  return `curl -H ${shellQuote(`Authorization: Bearer ${apiKey}`)} ${shellQuote(`${astrolabe}/v1/users/userId123`)}`;
}

/** Text as one word of a POSIX shell. Words that no shell reads specially stay bare. */
export function shellQuote(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
