/** Every change that the pages ask for. */
import type { Answer } from '../core/resource-state.ts';
import type {
  AddConnectorBody,
  AddedConnectorAnswer,
  CheckedAnswer,
  EditConnectorBody,
  JobAnswer,
  PlanAnswer,
  RotatedAnswer,
  SelectionBody,
  SentReplayBody,
  SentTestEventAnswer,
} from './answers.ts';
import { apiPath, type ApiClient } from './client.ts';

/** Which dead letters: what matches all parts that are given. `offsets`: `partition:offset`, of one. */
export type DeadLetterSelection = Pick<SelectionBody, 'topic' | 'connector' | 'code' | 'from' | 'to' | 'offsets'>;
export type NewConnector = Omit<AddConnectorBody, 'key'>;

export interface Changes {
  planRedrive(selection: DeadLetterSelection): Promise<Answer<PlanAnswer>>;
  planDismissal(selection: DeadLetterSelection, reason: string): Promise<Answer<PlanAnswer>>;
  planReplay(request: SentReplayBody): Promise<Answer<PlanAnswer>>;
  execute(planId: string, confirmation: string | undefined): Promise<Answer<JobAnswer>>;
  redriveEdited(lines: readonly string[]): Promise<Answer<JobAnswer>>;
  cancelJob(id: string): Promise<Answer<JobAnswer>>;
  controlReplay(id: string, what: 'pause' | 'resume' | 'cancel'): Promise<Answer<object>>;
  addConnector(connector: NewConnector): Promise<Answer<AddedConnectorAnswer>>;
  editConnector(id: string, edit: EditConnectorBody): Promise<Answer<object>>;
  enableConnector(id: string, enabled: boolean): Promise<Answer<object>>;
  rotateKey(id: string): Promise<Answer<RotatedAnswer>>;
  /** `fingerprint`: of a write key that is no longer to be accepted. */
  retireKey(id: string, fingerprint: string): Promise<Answer<object>>;
  /** Asks Astrolabe whether it accepts the connector's key. Changes nothing. */
  checkKey(id: string): Promise<Answer<CheckedAnswer>>;
  sendTestEvent(id: string): Promise<Answer<SentTestEventAnswer>>;
  applyTopics(): Promise<Answer<object>>;
  applySchemas(): Promise<Answer<object>>;
}

export function createChanges(api: ApiClient): Changes {
  return {
    planRedrive: (selection) => api.post('/plans/redrive', selected(selection)),
    planDismissal: (selection, reason) => api.post('/plans/dismiss', { ...selected(selection), reason }),
    planReplay: (request) => api.post('/plans/replay', present(request)),
    execute: (planId, confirmation) => api.post(`/plans${apiPath(planId)}/execute`, present({ confirmation })),
    redriveEdited: (lines) => api.post('/dead-letters/redrive-edited', { lines }),
    cancelJob: (id) => api.post(`/jobs${apiPath(id)}/cancel`, {}),
    controlReplay: (id, what) => api.post(`/replays${apiPath(id)}/${what}`, {}),
    addConnector: (connector) => api.post('/connectors', present(connector)),
    editConnector: (id, edit) => api.put(`/connectors${apiPath(id)}`, edit),
    enableConnector: (id, enabled) => api.post(`/connectors${apiPath(id)}/enabled`, { enabled }),
    rotateKey: (id) => api.post(`/connectors${apiPath(id)}/rotate`, {}),
    retireKey: (id, fingerprint) => api.post(`/connectors${apiPath(id)}/retire`, { key: fingerprint }),
    checkKey: (id) => api.post(`/connectors${apiPath(id)}/check`, {}),
    sendTestEvent: (id) => api.post(`/connectors${apiPath(id)}/test-event`, {}),
    applyTopics: () => api.post('/topics/apply', {}),
    applySchemas: () => api.post('/schemas/apply', {}),
  };
}

/** Without any filter all of them are meant, which has to be said. */
function selected(selection: DeadLetterSelection): object {
  const filters = present(selection);
  return Object.keys(filters).length === 0 ? { all: true } : filters;
}

/** Without what is undefined or empty: a filter that is not set is not sent. */
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}
