/**
 * The catalogue of error codes: the one list that `PipelineError`, dead-letter headers, HTTP answers and
 * `docs/errors.md` share. A code is part of the public contract: its meaning never changes, and a code that is no
 * longer used is not reused.
 */

import type { ErrorCatalogueEntry } from './catalogue-entry.ts';
import { clusterErrorCodes } from './cluster-error-codes.ts';
import { consoleErrorCodes } from './console-error-codes.ts';

const entries = [
  {
    code: 'config.invalid',
    meaning: 'An environment variable is missing, malformed or unknown. The message lists every problem; fix them all.',
    whoActs: 'operator',
  },
  {
    code: 'config.file-unreadable',
    meaning:
      'A file that a variable ending in _FILE names could not be read when a connection was made. The message has the path; the service tries again.',
    whoActs: 'operator',
  },
  {
    code: 'connectors.invalid',
    meaning: 'The connectors file cannot be read or breaks a rule. The message lists every problem with its place.',
    whoActs: 'operator',
  },
  {
    code: 'service.listen-failed',
    meaning:
      'A server could not listen on its address. The port is taken, or the host is not an address of this machine.',
    whoActs: 'operator',
  },
  {
    code: 'service.shutdown-deadline',
    meaning:
      'The service did not stop within SHUTDOWN_TIMEOUT_MS and was killed. Nothing is lost: uncommitted records are read again.',
    whoActs: 'operator',
  },
  {
    code: 'service.defect',
    meaning:
      'Something that cannot be absent is absent, or does not add up: a defect of this program. The process stops before it does harm.',
    whoActs: 'developer',
  },
  {
    code: 'tracing.export-failed',
    meaning:
      'Spans could not be sent to OTEL_EXPORTER_OTLP_ENDPOINT and were dropped. Delivery is not affected; see spans_dropped_total.',
    whoActs: 'operator',
  },
  {
    code: 'stack.unavailable',
    meaning: 'The local stack could not be started. The message says what to install or which stack to point at.',
    whoActs: 'operator',
  },
  ...clusterErrorCodes,
  {
    code: 'event.invalid-json',
    meaning:
      'The event, or the request that holds it, is not JSON, or not UTF-8. Send one JSON document encoded in UTF-8.',
    whoActs: 'sender',
  },
  {
    code: 'event.invalid',
    meaning: "The event is JSON but breaks Segment's specification. The message names the field and the rule.",
    whoActs: 'sender',
  },
  {
    code: 'event.unmappable',
    meaning:
      'The event is valid but cannot become a command: a value cannot be represented, or an identity is missing.',
    whoActs: 'sender',
  },
  {
    code: 'mapper.state-full',
    meaning:
      'Nothing was deleted, because the connector has as many suppressed users as the mapper remembers: MAPPER_MAX_USERS_PER_CONNECTOR on this partition, or its share of the heap. Raise the limit that the message names, restart the mapper, and redrive the dead letter.',
    whoActs: 'operator',
  },
  {
    code: 'mapper.state-too-large',
    meaning:
      'What the mapper remembers of its partitions does not fit in its heap, so it stopped before the heap was full. The message has the figures; raise --max-old-space-size in NODE_OPTIONS, or run more instances.',
    whoActs: 'operator',
  },
  {
    code: 'event.too-large',
    meaning: "The event or the batch exceeds Segment's size limit. Split the batch or shorten the event.",
    whoActs: 'sender',
  },
  {
    code: 'event.unknown-type',
    meaning: "Segment does not define the event's type.",
    whoActs: 'sender',
  },
  {
    code: 'event.unauthenticated',
    meaning:
      'The request has no key, an unknown key, or a write key where only the API key is allowed (delete, unsuppress).',
    whoActs: 'customer',
  },
  {
    code: 'webhook.unauthenticated',
    meaning:
      "A webhook has neither a key of the connector in its path nor a signature made with that connector's webhookSecret.",
    whoActs: 'customer',
  },
  {
    code: 'event.unsupported-type',
    meaning:
      "Segment's partner endpoint received a page, screen or alias call. The Astrolabe destination takes identify, group and track.",
    whoActs: 'customer',
  },
  {
    code: 'connector.disabled',
    meaning: "The key's connector is switched off in the connectors file, so its events are refused.",
    whoActs: 'customer',
  },
  {
    code: 'request.encoding',
    meaning:
      "The body's compression is not supported, or the body does not match its Content-Encoding. Send gzip, deflate or none.",
    whoActs: 'sender',
  },
  {
    code: 'request.incomplete',
    meaning: 'The connection ended or stalled before the body was complete. Send the request again.',
    whoActs: 'sender',
  },
  {
    code: 'request.not-found',
    meaning: 'The path does not exist. The Tracking API is under /v1, the partner endpoint is POST /segment.',
    whoActs: 'sender',
  },
  {
    code: 'request.method-not-allowed',
    meaning: 'The path does not accept this method. The Allow header lists those that it accepts.',
    whoActs: 'sender',
  },
  {
    code: 'request.malformed',
    meaning:
      'The request is not valid HTTP/1.1, its headers are too large, or it has no Host header or several. The message says which.',
    whoActs: 'sender',
  },
  {
    code: 'ingest.overloaded',
    meaning: 'More bytes are in flight than INGEST_MAX_IN_FLIGHT_BYTES. Senders retry; add instances if it lasts.',
    whoActs: 'operator',
  },
  {
    code: 'ingest.rate-limited',
    meaning:
      'A connector, one of its keys, or a client without a valid key exceeded a limit of events, bytes or work, which the message names. Senders retry after Retry-After; if it lasts, raise that limit.',
    whoActs: 'customer',
  },
  {
    code: 'ingest.stopping',
    meaning: 'The instance is shutting down. Senders retry and reach another one.',
    whoActs: 'operator',
  },
  {
    code: 'ingest.internal',
    meaning: 'Ingest failed and stored nothing of the request. The log has the cause.',
    whoActs: 'developer',
  },
  {
    code: 'command.undecodable',
    meaning: 'A record on the command topic is not Avro in Confluent framing. Something else writes to the topic.',
    whoActs: 'operator',
  },
  {
    code: 'command.unknown-schema',
    meaning: 'A record on the command topic names a schema id that the registry does not know.',
    whoActs: 'operator',
  },
  {
    code: 'command.wrong-type',
    meaning: 'A record on the command topic is Avro, but of a type that is not a command.',
    whoActs: 'operator',
  },
  {
    code: 'command.id-mismatch',
    meaning:
      "A command's id does not match its connector, messageId and kind: a restore exchanged schema ids in the registry, or something else writes to the topic. Repair the registry, then redrive.",
    whoActs: 'operator',
  },
  {
    code: 'command.connector-unknown',
    meaning: "The command's connector is not in the connectors file. Add the connector, then redrive.",
    whoActs: 'operator',
  },
  {
    code: 'command.connector-disabled',
    meaning: "The command's connector was switched off after its event was accepted. Switch it on, then redrive.",
    whoActs: 'customer',
  },
  {
    code: 'api.rejected',
    meaning:
      'The Astrolabe API refused the command permanently. The message has its reason; fix the cause, then redrive.',
    whoActs: 'customer',
  },
  {
    code: 'api.retries-exhausted',
    meaning:
      'The Astrolabe API kept failing until the retry budget ran out. Redrive the command once the API is healthy.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.unknown-format',
    meaning:
      'The delivery ledger holds a chunk in a format that this version does not know, because a newer version wrote it. Run that version.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.damaged',
    meaning:
      'A record on the deliveries topic is not a chunk of the delivery ledger. Something else writes to the topic.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.locked',
    meaning:
      'Another process holds the files of a partition of the delivery ledger. Give each dispatcher its own ledger directory.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.too-large',
    meaning:
      'The index of the delivery ledger does not fit in memory, so the dispatcher stopped before the system would end it. The message has the figures; give it more memory, run more instances, or lower DISPATCHER_LEDGER_WINDOW_HOURS.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.disk-failed',
    meaning: "The delivery ledger's files cannot be read or written. The disk is full, damaged, or not permitted.",
    whoActs: 'operator',
  },
  ...consoleErrorCodes,
] as const satisfies readonly (ErrorCatalogueEntry & { readonly code: string })[];

export type ErrorCode = (typeof entries)[number]['code'];

/** Every code, in the order of the catalogue. */
export const errorCodes: readonly ErrorCode[] = entries.map((entry) => entry.code);

export const errorCatalogue = Object.freeze(
  Object.fromEntries(entries.map(({ code, ...entry }) => [code, Object.freeze(entry)])),
) as Readonly<Record<ErrorCode, ErrorCatalogueEntry>>;
