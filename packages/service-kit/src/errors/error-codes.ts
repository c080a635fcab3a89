/**
 * The catalogue of error codes: the one list that `PipelineError`, dead-letter headers, HTTP answers and `docs/errors.md`
 * share. A code is part of the public contract: its meaning never changes, and a code that is no longer used is not reused.
 */

/**
 * Who has to do something about it.
 * - `operator`: runs the pipeline (cluster, configuration, network)
 * - `sender`: the system that posts events
 * - `customer`: owns the connector (keys, toggles, plan)
 * - `developer`: maintains this project
 */
export type WhoActs = 'operator' | 'sender' | 'customer' | 'developer';

export interface ErrorCatalogueEntry {
  /** What happened, and what to do about it. One or two sentences of plain text. */
  readonly meaning: string;
  readonly whoActs: WhoActs;
}

const entries = [
  {
    code: 'config.invalid',
    meaning:
      'An environment variable is missing, malformed or unknown. The message lists every problem; mend them all.',
    whoActs: 'operator',
  },
  {
    code: 'connectors.invalid',
    meaning: 'The connectors file cannot be read or breaks a rule. The message lists every problem with its place.',
    whoActs: 'operator',
  },
  {
    code: 'service.listen-failed',
    meaning: 'A server could not listen on its address: the port is taken or the host is not one of this machine.',
    whoActs: 'operator',
  },
  {
    code: 'service.shutdown-deadline',
    meaning:
      'The service did not stop within SHUTDOWN_TIMEOUT_MS and was ended. Nothing is lost: uncommitted records come again.',
    whoActs: 'operator',
  },
  {
    code: 'service.defect',
    meaning:
      'Something that cannot be absent is absent, or does not add up: a defect of this program. The process stops before it does harm.',
    whoActs: 'developer',
  },
  {
    code: 'stack.unavailable',
    meaning: 'The local stack could not be started. The message says what to install or to point at.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.unavailable',
    meaning: 'No broker answered, or not enough replicas did. It is tried again; check the brokers and the network.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.request-refused',
    meaning:
      'A broker refused a request for good: the log-in is wrong, or the cluster does not know the request. The message holds its reason.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.unauthorized',
    meaning:
      'The brokers forbid what is needed. The message names the user, the operation and the resource, and the command that grants it. It is waited for.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.topic-missing',
    meaning: 'A topic does not exist yet. It is waited for; create the topics with "astrolabe topics apply".',
    whoActs: 'operator',
  },
  {
    code: 'kafka.record-too-large',
    meaning: 'A record exceeds the size that the broker or the topic allows, and can never be stored as it is.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.offset-out-of-range',
    meaning:
      'The offset to read from is no longer on the topic. Reading stopped rather than skip records; choose an offset.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.topic-recreated',
    meaning:
      'The topic was deleted and created again, and a stored position is of the one before: going on would skip records. Reading stopped; the message says how to choose where to go on.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.batch-unreadable',
    meaning:
      'A batch of records is corrupt, or inflates to more than is read of one (16 MiB; 250,000 records and headers). Reading stopped rather than skip it; the message names its offsets.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.patch-missing',
    meaning:
      'A patch of kafkajs is not in use, without which it loses records: kafkajs is another version than 2.2.4, or was loaded before @astrolabe/kafka. The process does not start; install with "npm ci".',
    whoActs: 'developer',
  },
  {
    code: 'kafka.consumer-crashed',
    meaning: 'The consumer stopped for good. The process exits and reads on from the last commit when it is restarted.',
    whoActs: 'operator',
  },
  {
    code: 'registry.unavailable',
    meaning:
      'The schema registry did not answer, or what answers at its URL is not a schema registry. It is tried again; check SCHEMA_REGISTRY_URL and the registry.',
    whoActs: 'operator',
  },
  {
    code: 'registry.schema-missing',
    meaning: 'A command schema is not registered under its subject and may not be registered by this service.',
    whoActs: 'operator',
  },
  {
    code: 'registry.schema-incompatible',
    meaning:
      'The registry refused a schema: it cannot read what earlier versions wrote. Deploy the versions in their order.',
    whoActs: 'developer',
  },
  {
    code: 'registry.unauthorized',
    meaning: 'The registry refused the credentials. Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.',
    whoActs: 'operator',
  },
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
    meaning: 'The event is valid but has no command: a value cannot be represented, or an identity is missing.',
    whoActs: 'sender',
  },
  {
    code: 'mapper.state-full',
    meaning:
      'A deletion could not be remembered: the connector has as many suppressed users on this partition as MAPPER_MAX_USERS_PER_CONNECTOR allows. Nothing was deleted. Raise the limit, restart the mapper, and redrive the dead letter.',
    whoActs: 'operator',
  },
  {
    code: 'event.too-large',
    meaning: "The event or the batch exceeds Segment's size limit. Split the batch or shorten the event.",
    whoActs: 'sender',
  },
  {
    code: 'event.unknown-type',
    meaning: 'The type of the event is none that Segment defines.',
    whoActs: 'sender',
  },
  {
    code: 'event.unauthenticated',
    meaning:
      'The request carries no key, or one that belongs to no connector, or a write key where only the API key will do (delete, unsuppress).',
    whoActs: 'customer',
  },
  {
    code: 'webhook.unauthenticated',
    meaning:
      "A webhook carries neither a key of the connector that its path names nor a signature made with that connector's webhookSecret.",
    whoActs: 'customer',
  },
  {
    code: 'event.unsupported-type',
    meaning:
      "Segment's partner endpoint got a page, screen or alias call. The Astrolabe destination takes identify, group and track.",
    whoActs: 'customer',
  },
  {
    code: 'connector.disabled',
    meaning: 'The connector of the key is switched off in the connectors file, so its events are refused.',
    whoActs: 'customer',
  },
  {
    code: 'request.encoding',
    meaning:
      'The body is compressed in a way that is not supported, or is not what its Content-Encoding says. Send gzip, deflate or none.',
    whoActs: 'sender',
  },
  {
    code: 'request.incomplete',
    meaning: 'The connection ended or stalled before the body was complete. Send the request again.',
    whoActs: 'sender',
  },
  {
    code: 'request.not-found',
    meaning: 'There is no such path. The Tracking API is under /v1, the partner endpoint is POST /segment.',
    whoActs: 'sender',
  },
  {
    code: 'request.method-not-allowed',
    meaning: 'The path does not take this method. The Allow header names those that it takes.',
    whoActs: 'sender',
  },
  {
    code: 'request.malformed',
    meaning:
      'The request is not valid HTTP/1.1, its headers are too large, or it has no Host or several. The message says which.',
    whoActs: 'sender',
  },
  {
    code: 'ingest.overloaded',
    meaning: 'More bytes are in flight than INGEST_MAX_IN_FLIGHT_BYTES. Senders try again; add instances if it lasts.',
    whoActs: 'operator',
  },
  {
    code: 'ingest.rate-limited',
    meaning:
      'The connector, one of its keys, or a client without a valid key sent more events or bytes, or caused more work, than its limit allows. The message names the limit. Senders try again after Retry-After; if it lasts, raise that limit.',
    whoActs: 'customer',
  },
  {
    code: 'ingest.stopping',
    meaning: 'The instance is shutting down. Senders try again and reach another one.',
    whoActs: 'operator',
  },
  {
    code: 'ingest.internal',
    meaning: 'A fault in ingest. Nothing was stored for the request; the log has the cause.',
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
    meaning: 'A record on the command topic is Avro of a type that is no command.',
    whoActs: 'operator',
  },
  {
    code: 'command.id-mismatch',
    meaning:
      'The id of a command does not fit its connector, messageId and kind. The registry names another schema than its writer had (a restore exchanged schema ids), or something else writes to the topic. Repair the registry, then redrive.',
    whoActs: 'operator',
  },
  {
    code: 'command.connector-unknown',
    meaning: 'The command is of a connector that the connectors file does not have. Add the connector, then redrive.',
    whoActs: 'operator',
  },
  {
    code: 'command.connector-disabled',
    meaning:
      'The command is of a connector that was switched off after the event was taken. Switch it on, then redrive.',
    whoActs: 'customer',
  },
  {
    code: 'api.rejected',
    meaning: 'The Astrolabe API refused the command for good. The message holds its reason; mend it, then redrive.',
    whoActs: 'customer',
  },
  {
    code: 'api.retries-exhausted',
    meaning: 'The Astrolabe API kept failing until the retry limit. Redrive the command once the API is healthy.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.unknown-format',
    meaning:
      'The delivery ledger holds a chunk of a format that this version does not know: a newer version has written it. Run that version.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.damaged',
    meaning:
      'A record on the topic of deliveries is no chunk of the delivery ledger. Something else writes to the topic.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.locked',
    meaning:
      'Another process holds the files of a partition of the delivery ledger. Give each dispatcher a ledger directory of its own.',
    whoActs: 'operator',
  },
  {
    code: 'ledger.disk-failed',
    meaning: 'The files of the delivery ledger cannot be read or written: the disk is full, damaged, or not permitted.',
    whoActs: 'operator',
  },
] as const satisfies readonly (ErrorCatalogueEntry & { readonly code: string })[];

export type ErrorCode = (typeof entries)[number]['code'];

/** Every code, in the order of the catalogue. */
export const errorCodes: readonly ErrorCode[] = entries.map((entry) => entry.code);

export const errorCatalogue = Object.freeze(
  Object.fromEntries(entries.map(({ code, ...entry }) => [code, Object.freeze(entry)])),
) as Readonly<Record<ErrorCode, ErrorCatalogueEntry>>;
