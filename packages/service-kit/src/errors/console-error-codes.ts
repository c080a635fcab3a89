/** The part of the catalogue of error codes that the console's API answers with (`error-codes.ts`). */
import type { ErrorCatalogueEntry } from './catalogue-entry.ts';

export const consoleErrorCodes = [
  {
    code: 'console.request-invalid',
    meaning:
      'A request to the console breaks what its OpenAPI document says of it. The message names the field and the rule.',
    whoActs: 'operator',
  },
  {
    code: 'console.not-signed-in',
    meaning: 'The console has no session of the browser, or it has expired. Sign in.',
    whoActs: 'operator',
  },
  {
    code: 'console.role-missing',
    meaning:
      'Somebody is signed in to the console, but their role is not enough for what they asked. The message names the role that is; CONSOLE_ROLES gives roles.',
    whoActs: 'operator',
  },
  {
    code: 'console.read-only',
    meaning: 'CONSOLE_READ_ONLY forbids every change through this console. Use another one, or the command line.',
    whoActs: 'operator',
  },
  {
    code: 'console.action-off',
    meaning: 'CONSOLE_DISABLED_ACTIONS switches off this change in the console.',
    whoActs: 'operator',
  },
  {
    code: 'console.origin-refused',
    meaning:
      "A change was asked for by a page of another origin, so the console refused it. Behind a proxy, CONSOLE_PUBLIC_URL has to be the address in the browser's address bar.",
    whoActs: 'operator',
  },
  {
    code: 'console.host-unknown',
    meaning:
      'The request names a host that the console does not know, so a foreign page may be behind it. Use an IP address, CONSOLE_PUBLIC_URL, or name the host in CONSOLE_ALLOWED_HOSTS.',
    whoActs: 'operator',
  },
  {
    code: 'console.not-found',
    meaning: "The console's API has no such path. Its paths are in schemas/openapi/console.yaml.",
    whoActs: 'operator',
  },
  {
    code: 'console.method-not-allowed',
    meaning: "The path of the console's API does not accept this method. The Allow header lists those that it accepts.",
    whoActs: 'operator',
  },
  {
    code: 'console.body-too-large',
    meaning: 'The body of a request to the console is larger than it takes.',
    whoActs: 'operator',
  },
  {
    code: 'console.media-type',
    meaning: 'The body of a request to the console is not JSON by its Content-Type. Send application/json.',
    whoActs: 'operator',
  },
  {
    code: 'console.internal',
    meaning: 'The console failed at a request. Its log has the cause, under the request id of the answer.',
    whoActs: 'developer',
  },
  {
    code: 'console.users-invalid',
    meaning:
      'The file of CONSOLE_USERS_FILE cannot be read or breaks a rule. The message lists every problem with its line.',
    whoActs: 'operator',
  },
  {
    code: 'console.login-refused',
    meaning: 'The name or the password of a log-in to the console is wrong.',
    whoActs: 'operator',
  },
  {
    code: 'console.login-limited',
    meaning:
      'Too many attempts to log in to the console came from one address, or for one name, so this one was not looked at. Wait as long as Retry-After says.',
    whoActs: 'operator',
  },
  {
    code: 'console.login-failed',
    meaning:
      'The OpenID provider did not sign somebody in, or they came back from it too late or in another browser. The message has its reason.',
    whoActs: 'operator',
  },
  {
    code: 'console.provider-unavailable',
    meaning:
      'The OpenID provider of CONSOLE_OIDC_ISSUER cannot be asked. The message says why; the next log-in asks it again.',
    whoActs: 'operator',
  },
  {
    code: 'console.stopping',
    meaning: 'The console is stopping. Ask again: another instance, or the same one after its restart.',
    whoActs: 'operator',
  },
  {
    code: 'console.selection-refused',
    meaning:
      'What a change was to be about does not exist, or is not allowed so: a topic, a partition, a position, a line. The message says what to give instead; nothing was changed.',
    whoActs: 'operator',
  },
  {
    code: 'console.plan-gone',
    meaning:
      'A plan has expired after 15 minutes, or the console that made it was restarted. Nothing was changed; count again.',
    whoActs: 'operator',
  },
  {
    code: 'console.plan-changed',
    meaning:
      'What was counted for a plan is no longer so: somebody else has decided about the same dead letters, or records have expired. Nothing was changed; count again.',
    whoActs: 'operator',
  },
  {
    code: 'console.confirmation-missing',
    meaning:
      'A change of many records, or a replay that delivers again, has to be confirmed with the text that its plan names. Nothing was changed.',
    whoActs: 'operator',
  },
  {
    code: 'console.dead-letter-unknown',
    meaning:
      'No dead letter is at this position: the partition does not exist, nothing was written at the offset yet, or retention has deleted the record. The message says what there is.',
    whoActs: 'operator',
  },
  {
    code: 'console.job-unknown',
    meaning: 'No job has this id. Jobs are listed for 31 days; the audit has all of them.',
    whoActs: 'operator',
  },
  {
    code: 'console.job-over',
    meaning: 'A job was to be cancelled that has ended already.',
    whoActs: 'operator',
  },
  {
    code: 'console.replay-unknown',
    meaning: 'No replay has this id. The list of replays has all that there are.',
    whoActs: 'operator',
  },
  {
    code: 'console.replay-refused',
    meaning:
      'A replay cannot be changed so: it is over, or its topic was deleted and created again. The message says which.',
    whoActs: 'operator',
  },
  {
    code: 'console.connector-unknown',
    meaning:
      'The connectors file has no such connector, or the connector no such key. The message names those that there are.',
    whoActs: 'operator',
  },
  {
    code: 'console.connector-refused',
    meaning:
      'A connector cannot be added or changed so: its id is taken or invalid, or Astrolabe refuses the new key. Nothing was changed.',
    whoActs: 'operator',
  },
  {
    code: 'console.not-configured',
    meaning:
      'The console is not told something that this needs, such as where ingest or the Astrolabe API is. The message names the variable.',
    whoActs: 'operator',
  },
  {
    code: 'console.ingest-refused',
    meaning:
      'Ingest did not take a test event, or did not answer. The message has its answer; check that it runs, and that the connector is enabled.',
    whoActs: 'operator',
  },
  {
    code: 'console.values-masked',
    meaning: 'Values are masked in this console, so it exports none. Use the command line.',
    whoActs: 'operator',
  },
  {
    code: 'console.busy',
    meaning: 'As many live views, or searches, are open in the console as it allows. Close one, or try again later.',
    whoActs: 'operator',
  },
  {
    code: 'console.search-too-long',
    meaning: 'A search over the topics took longer than the console allows. Ask for less, or use the command line.',
    whoActs: 'operator',
  },
] as const satisfies readonly (ErrorCatalogueEntry & { readonly code: string })[];
