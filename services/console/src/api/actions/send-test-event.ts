/** A test event: sent to ingest as Segment would send it, with the connector's own key. */
import { openConnector, resolveConnectorKey } from '@astrolabe/operations';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { ApiAnswer, ApiRequest } from '../../routes/route.ts';
import { auditorOf, type ActionContext } from './action-context.ts';
import { connectorRefusal, refusal } from './refusals.ts';

const TIMEOUT_MS = 10_000;

type Sent =
  { readonly kind: 'sent'; readonly messageId: string } | { readonly kind: 'failed'; readonly reason: string };

export async function sendTestEvent(context: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const { file, variables, testEventsUrl } = context.connectors;
  if (testEventsUrl === undefined) {
    const message = 'the console is not told where ingest is; set CONSOLE_INGEST_URL for it';
    return refusal(409, 'console.not-configured', message);
  }
  const opened = await openConnector(file, request.params['id'] ?? '');
  if (opened.kind !== 'opened') return connectorRefusal(opened);
  const { id } = opened.found.connector;
  const key = await resolveConnectorKey(opened, variables);
  if (key.kind !== 'key') {
    const message = `the console cannot read the key of "${id}": ${key.reason}; send the event from where the key is`;
    return refusal(409, 'console.not-configured', message);
  }
  const messageId = `console-test-${context.newId()}`;
  const auditor = await auditorOf(context, request.caller);
  const sent = await auditor<Sent>(
    { action: 'send-test-event', about: `connector ${id}`, request: { messageId } },
    () => post(`${testEventsUrl}/v1/track`, key.key, testEvent(messageId), request.signal),
    (outcome) => (outcome.kind === 'sent' ? { kind: 'done' } : { kind: 'failed', message: outcome.reason }),
  );
  if (sent.kind === 'sent') return { kind: 'json', body: { messageId } };
  const message = `ingest did not take the event: ${sent.reason}; check that it runs, and that the connector is enabled`;
  return refusal(503, 'console.ingest-refused', message);
}

function testEvent(messageId: string): object {
  return { event: 'Console Test', userId: 'console-test', messageId, properties: { sentBy: 'the console' } };
}

async function post(url: string, key: string, event: object, signal: AbortSignal): Promise<Sent> {
  const { messageId } = event as { readonly messageId: string };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(event),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    return answer.status === 200
      ? { kind: 'sent', messageId }
      : { kind: 'failed', reason: `it answered ${answer.status}` };
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return { kind: 'failed', reason: errorMessage(cause ?? error) };
  }
}
