/** The part of the catalogue of error codes about Kafka and the schema registry (`error-codes.ts`). */
import type { ErrorCatalogueEntry } from './catalogue-entry.ts';

export const clusterErrorCodes = [
  {
    code: 'kafka.unavailable',
    meaning: 'No broker answered, or too few replicas did. The service retries; check the brokers and the network.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.request-refused',
    meaning:
      "A broker refused a request permanently, for example because the cluster does not support it. The message has the broker's reason.",
    whoActs: 'operator',
  },
  {
    code: 'kafka.unauthenticated',
    meaning:
      'The brokers refuse the login: a wrong user name, password or token, or a mechanism that they do not have. The message names the user and the variables to check; the service waits and tries again.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.token-unavailable',
    meaning:
      'The token endpoint gave no token for the brokers, for the reason in the message; the service tries again. Check KAFKA_SASL_OAUTH_* and the endpoint.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.certificate-refused',
    meaning:
      'The TLS handshake with a broker failed: its certificate is not trusted, has expired or is for another host, or it refused ours. The message says which and what to set; the service waits and tries again.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.unauthorized',
    meaning:
      'The brokers forbid an operation. The message names the user, the operation, the resource and the command that grants it; the service waits for the grant.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.topic-missing',
    meaning:
      'A topic does not exist yet, and the service waits for it. Create the topics with "astrolabe topics apply".',
    whoActs: 'operator',
  },
  {
    code: 'kafka.record-too-large',
    meaning: 'A record exceeds the size that the broker or the topic allows. It cannot be stored unchanged.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.offset-out-of-range',
    meaning:
      'The topic no longer has the offset to read from. Reading has stopped, so that no record is skipped; choose an offset.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.topic-recreated',
    meaning:
      'The topic was deleted and created again, so a stored position would skip records of the new one. Reading stopped; the message says how to choose where to continue.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.instance-fenced',
    meaning:
      'Another process joined the consumer group with the same KAFKA_GROUP_INSTANCE_ID and has the partitions, so this one stopped. Give each instance a name of its own.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.session-lost',
    meaning:
      'The coordinator of the consumer group has not answered for KAFKA_SESSION_TIMEOUT_MS, or no longer knows this member, so others get its partitions. The process has stopped working on them and joins again by itself; if that lasts, check the brokers and the network.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.batch-unreadable',
    meaning:
      'A batch of records is corrupt, or inflates beyond the limit (16 MiB; 250,000 records and headers). Reading has stopped, so that it is not skipped; the message names its offsets.',
    whoActs: 'operator',
  },
  {
    code: 'kafka.patch-missing',
    meaning:
      'A patch without which kafkajs loses records is not in effect, so the process does not start. kafkajs is not version 2.2.4, or was loaded before @astrolabe/kafka; install with "npm ci".',
    whoActs: 'developer',
  },
  {
    code: 'kafka.consumer-crashed',
    meaning: 'The consumer stopped permanently, and the process exits. Restarted, it continues from the last commit.',
    whoActs: 'operator',
  },
  {
    code: 'registry.unavailable',
    meaning:
      'The schema registry did not answer, or the server at its URL is not a schema registry. The service retries; check SCHEMA_REGISTRY_URL and the registry.',
    whoActs: 'operator',
  },
  {
    code: 'registry.schema-missing',
    meaning: 'A command schema is not registered under its subject, and this service may not register it.',
    whoActs: 'operator',
  },
  {
    code: 'registry.schema-incompatible',
    meaning:
      'The registry refused a schema because it cannot read what earlier versions wrote. Deploy the versions in order.',
    whoActs: 'developer',
  },
  {
    code: 'registry.unauthorized',
    meaning: 'The registry refused the credentials. Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.',
    whoActs: 'operator',
  },
] as const satisfies readonly (ErrorCatalogueEntry & { readonly code: string })[];
