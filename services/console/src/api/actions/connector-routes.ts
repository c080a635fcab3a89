/** Connectors: their settings, their keys, and a test event. Keys are shown once, and neither logged nor recorded. */
import {
  auditedConnectorAdd,
  auditedConnectorEdit,
  auditedConnectorToggle,
  auditedKeyRetirement,
  auditedKeyRotation,
  checkConnectors,
  findWriteKey,
  nameOfSource,
  openConnector,
  type AddConnectorOutcome,
} from '@astrolabe/operations';
import type { ApiAnswer, ApiRequest, Route } from '../../routes/route.ts';
import { auditorOf, type ActionContext } from './action-context.ts';
import { connectorRefusal, refusal } from './refusals.ts';
import { sendTestEvent } from './send-test-event.ts';
import {
  addConnectorBody,
  addedConnectorAnswer,
  changedAnswer,
  checkedAnswer,
  editConnectorBody,
  enabledBody,
  noBody,
  retireBody,
  rotateBody,
  rotatedAnswer,
  sentTestEventAnswer,
  type AddedConnectorAnswer,
} from './shapes.ts';
import type { z } from 'zod';

export function connectorRoutes(context: ActionContext): readonly Route[] {
  const change = { method: 'POST', role: 'admin' } as const;
  return [
    {
      ...change,
      path: '/connectors',
      action: 'add-connector',
      summary: 'Adds a connector with a new key, which is shown this once',
      body: addConnectorBody,
      answer: addedConnectorAnswer,
      handle: (request) => add(context, request),
    },
    {
      ...change,
      method: 'PUT',
      path: '/connectors/:id',
      action: 'edit-connector',
      summary: 'Changes the name of a connector, or its rule for free email providers',
      body: editConnectorBody,
      answer: changedAnswer,
      handle: (request) => edit(context, request),
    },
    {
      ...change,
      path: '/connectors/:id/enabled',
      action: 'enable-connector',
      summary: 'Enables or disables a connector',
      body: enabledBody,
      answer: changedAnswer,
      handle: (request) => toggle(context, request),
    },
    {
      ...change,
      path: '/connectors/:id/rotate',
      action: 'rotate-key',
      summary: 'Gives a connector another key; senders may use the old one until it is retired',
      body: rotateBody,
      answer: rotatedAnswer,
      handle: (request) => rotate(context, request),
    },
    {
      ...change,
      path: '/connectors/:id/retire',
      action: 'retire-key',
      summary: 'Ends the acceptance of an old key',
      body: retireBody,
      answer: changedAnswer,
      handle: (request) => retire(context, request),
    },
    {
      ...change,
      path: '/connectors/:id/check',
      summary: 'Asks Astrolabe whether it accepts the key, with a call that changes nothing',
      body: noBody,
      answer: checkedAnswer,
      handle: (request) => check(context, request),
    },
    {
      ...change,
      path: '/connectors/:id/test-event',
      action: 'send-test-event',
      summary: 'Sends an event to ingest with the key of a connector',
      body: noBody,
      answer: sentTestEventAnswer,
      handle: (request) => sendTestEvent(context, request),
    },
  ];
}

const idOf = ({ params }: ApiRequest): string => params['id'] ?? '';

async function add(context: ActionContext, { body, caller }: ApiRequest): Promise<ApiAnswer> {
  const { name, id, freeEmailProviders, key } = body as z.infer<typeof addConnectorBody>;
  const { file: connectorsFile, ingestUrl } = context.connectors;
  const auditor = await auditorOf(context, caller);
  const added = await auditedConnectorAdd(auditor, { connectorsFile, name, id, freeEmailProviders, key });
  switch (added.kind) {
    case 'invalid-id':
      return invalid(`"${added.id}" is not a valid id; use 1 to 63 lower-case letters, digits and hyphens`);
    case 'duplicate-id':
      return conflict(`there is a connector "${added.id}" already; choose another name, or another id`);
    case 'added':
    case 'read-only':
      return { kind: 'json', body: addedBody(added, ingestUrl) };
  }
}

function addedBody(
  added: Extract<AddConnectorOutcome, { kind: 'added' | 'read-only' }>,
  ingestUrl: string | undefined,
): AddedConnectorAnswer {
  const { connector, generatedKey } = added;
  return {
    id: connector.id,
    ...(generatedKey !== undefined && { key: generatedKey }),
    ...(ingestUrl !== undefined && { ingestUrl }),
    ...(added.kind === 'read-only' && { json: JSON.stringify(connector, null, 2) }),
  };
}

async function edit(context: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const id = idOf(request);
  const { name, freeEmailProviders } = request.body as z.infer<typeof editConnectorBody>;
  const wanted = {
    ...(name !== undefined && { name }),
    ...(freeEmailProviders !== undefined && { freeEmailProviders }),
  };
  if (Object.keys(wanted).length === 0) return invalid('nothing is to be changed; give a name or freeEmailProviders');
  const auditor = await auditorOf(context, request.caller);
  const edited = await auditedConnectorEdit(auditor, context.connectors.file, id, wanted);
  if (edited.kind !== 'edited') return connectorRefusal(edited);
  return { kind: 'json', body: { id, changed: edited.changed } };
}

async function toggle(context: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const id = idOf(request);
  const { enabled } = request.body as z.infer<typeof enabledBody>;
  const auditor = await auditorOf(context, request.caller);
  const set = await auditedConnectorToggle(auditor, context.connectors.file, id, enabled);
  if (set.kind !== 'set') return connectorRefusal(set);
  return { kind: 'json', body: { id, changed: set.changed } };
}

async function rotate(context: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const id = idOf(request);
  const { key } = request.body as z.infer<typeof rotateBody>;
  const { file, variables, api } = context.connectors;
  const opened = await openConnector(file, id);
  if (opened.kind !== 'opened') return connectorRefusal(opened);
  const auditor = await auditorOf(context, request.caller);
  const rotated = await auditedKeyRotation(auditor, { opened, key, variables, api, signal: request.signal });
  switch (rotated.kind) {
    case 'same-source':
      return conflict(`the present key comes from there already (${nameOfSource(rotated.source)}); give another place`);
    case 'key-refused':
      return conflict(`Astrolabe does not accept the new key (${rotated.check.status}); nothing was changed`);
    case 'rotated': {
      const { generatedKey, oldKey } = rotated;
      return { kind: 'json', body: { id, ...(generatedKey !== undefined && { key: generatedKey }), retire: oldKey } };
    }
  }
}

async function retire(context: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const id = idOf(request);
  const { key: name } = request.body as z.infer<typeof retireBody>;
  const { file, variables } = context.connectors;
  const opened = await openConnector(file, id);
  if (opened.kind !== 'opened') return connectorRefusal(opened);
  const found = await findWriteKey(opened, name, variables);
  if (found.kind !== 'write-key') {
    const known = found.known.length === 0 ? 'none' : found.known.join(', ');
    return refusal(404, 'console.connector-unknown', `"${id}" has no write key ${name}; it has ${known}`);
  }
  await auditedKeyRetirement(await auditorOf(context, request.caller), opened, { place: found.place, name });
  return { kind: 'json', body: { id, changed: true } };
}

async function check({ connectors }: ActionContext, request: ApiRequest): Promise<ApiAnswer> {
  const id = idOf(request);
  const { file: connectorsFile, variables, api } = connectors;
  if (api === undefined) {
    const message = 'the console is not told where the Astrolabe API is; set DISPATCHER_API_URL for it';
    return refusal(409, 'console.not-configured', message);
  }
  const checked = await checkConnectors({ connectorsFile, id, variables, ...api, signal: request.signal });
  if (checked.kind !== 'checked') return connectorRefusal(checked);
  const [connector] = checked.connectors;
  if (connector === undefined) throw new Error(`the check of connector ${id} has no result`);
  return { kind: 'json', body: { id, key: connector.check } };
}

const invalid = (message: string): ApiAnswer => refusal(422, 'console.connector-refused', message);
const conflict = (message: string): ApiAnswer => refusal(409, 'console.connector-refused', message);
