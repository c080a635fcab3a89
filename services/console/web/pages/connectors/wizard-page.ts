/** Sets a connector up: name, policy, key, Segment, a test event that is followed to Astrolabe's answer. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { AddedConnectorAnswer } from '../../api/answers.ts';
import type { NewConnector } from '../../api/changes.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { ProblemNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Visible } from '../../components/text/visible.ts';
import { enterConnectorStep, isConnectorId, proposedId, type ConnectorStep } from '../../core/connector-steps.ts';
import type { Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';
import { changes, offer } from '../../state/session.ts';
import { useFocus } from '../../state/use-focus.ts';
import { CheckKey } from './check-key.ts';
import { KeyOnce } from './key-once.ts';
import { PolicyChoice } from './policy-choice.ts';
import { TestEvent } from './test-event.ts';

const TITLES = ['Name and policy', 'Key', 'Segment', 'Test event'] as const;

const PLACE: Readonly<Record<ConnectorStep, number>> = {
  describing: 0,
  adding: 0,
  'key-shown': 1,
  'json-shown': 1,
  entering: 2,
  testing: 3,
};

export function WizardPage(): Children {
  const step = useSignal<ConnectorStep>('describing');
  const added = useSignal<AddedConnectorAnswer | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const enter = (next: ConnectorStep): void => {
    step.value = enterConnectorStep(step.peek(), next);
    announce(TITLES[PLACE[next]] ?? '');
  };
  const add = async (connector: NewConnector): Promise<void> => {
    enter('adding');
    const answer = await changes.addConnector(connector);
    problem.value = answer.kind === 'problem' ? answer.problem : undefined;
    if (answer.kind === 'problem') return enter('describing');
    added.value = answer.body;
    enter(answer.body.json === undefined ? 'key-shown' : 'json-shown');
  };
  const offered = offer('add-connector');
  const place = PLACE[step.value];
  const section = useFocus<HTMLElement>(String(place), 'h2', false);
  return html`
    ${h(PageHead, { title: 'Add a connector', intro: 'From a name to the first delivery, in four steps.' })}
    ${
      offered.kind === 'withheld'
        ? html`<p class="note warn">Adding a connector is not offered. ${offered.reason}</p>`
        : html`<ol class="wizard-steps">
              ${TITLES.map((title, index) => html`<li class=${index < place ? 'done' : ''} aria-current=${index === place ? 'step' : undefined}>${title}</li>`)}
            </ol>
            <section class="panel" ref=${section} aria-label=${TITLES[place]}>
              ${stepView(step.value, { added: added.value, problem: problem.value, enter, add })}
            </section>`
    }
  `;
}

interface StepProps {
  readonly added: AddedConnectorAnswer | undefined;
  readonly problem: Problem | undefined;
  readonly enter: (step: ConnectorStep) => void;
  readonly add: (connector: NewConnector) => Promise<void>;
}

function stepView(step: ConnectorStep, { added, problem, enter, add }: StepProps): Children {
  if (step === 'describing' || step === 'adding') {
    return h(DescribeForm, { isBusy: step === 'adding', problem, onSubmit: (connector) => void add(connector) });
  }
  if (added === undefined) return null;
  switch (step) {
    case 'key-shown':
      return html`<h2 tabindex="-1">The key of <code>${added.id}</code></h2>
        ${h(KeyOnce, { added })}
        <div class="buttons">
          <button type="button" class="main" onClick=${() => enter('entering')}>I have copied it</button>
        </div>`;
    case 'json-shown':
      return html`<h2 tabindex="-1">Connector <code>${added.id}</code></h2>
        ${h(KeyOnce, { added })}
        <p>
          The services read the file again by themselves. Then
          ${h(Link, { to: ['connectors', added.id], children: 'look at the connector' })}, and send a test event from
          there.
        </p>`;
    case 'entering':
      return segment(added, () => enter('testing'));
    case 'testing':
      return html`<h2 tabindex="-1">Does it arrive?</h2>
        <p>
          A test event takes the way of every event: ingest, mapper, dispatcher, Astrolabe. Its answer says whether
          Astrolabe knows the key.
        </p>
        ${h(TestEvent, { id: added.id, isMain: true })} ${h(CheckKey, { id: added.id })}
        <p>${h(Link, { to: ['connectors', added.id], children: html`To ${h(Visible, { text: added.id })}` })}</p>`;
  }
}

function segment({ id, ingestUrl }: AddedConnectorAnswer, onNext: () => void): Children {
  const host = ingestUrl ?? 'https://your-ingest-host';
  return html`<h2 tabindex="-1">What to enter in Segment</h2>
    <ol>
      <li>Connections → Catalog → Destinations → Astrolabe → Add destination; choose the source.</li>
      <li>Settings → API Key: the key that you have just copied.</li>
      <li>Turn on “Enable Destination”.</li>
    </ol>
    <h3>Endpoints for senders</h3>
    <dl class="facts">
      <dt>Segment’s partner endpoint</dt>
      <dd><code>POST ${host}/segment</code></dd>
      <dt>SDKs and the Tracking API</dt>
      <dd>host <code>${host}</code>, write key = the key</dd>
      <dt>Webhooks destination</dt>
      <dd><code>POST ${host}/webhook/${id}</code></dd>
    </dl>
    <div class="buttons"><button type="button" class="main" onClick=${onNext}>It is entered</button></div>`;
}

interface DescribeFormProps {
  readonly isBusy: boolean;
  readonly problem: Problem | undefined;
  readonly onSubmit: (connector: NewConnector) => void;
}

function DescribeForm({ isBusy, problem, onSubmit }: DescribeFormProps): Children {
  const fieldId = useId();
  const name = useSignal('');
  const ownId = useSignal<string | undefined>(undefined);
  const policy = useSignal<'allow' | 'block'>('allow');
  const id = ownId.value ?? proposedId(name.value);
  const isGood = name.value.trim() !== '' && isConnectorId(id);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isGood) onSubmit({ name: name.value.trim(), id, freeEmailProviders: policy.value });
  };
  return html`<h2 tabindex="-1">Name and policy</h2>
    <form class="form" onSubmit=${submit}>
      <label for=${`${fieldId}-name`}>Name of the customer or project</label>
      <input
        id=${`${fieldId}-name`}
        value=${name.value}
        required
        maxlength="200"
        autocomplete="off"
        onInput=${(event: Event) => (name.value = (event.currentTarget as HTMLInputElement).value)}
      />
      <label for=${`${fieldId}-id`}>Id, which stays as it is</label>
      <input
        id=${`${fieldId}-id`}
        value=${id}
        required
        autocomplete="off"
        spellcheck="false"
        aria-describedby=${`${fieldId}-form`}
        onInput=${(event: Event) => (ownId.value = (event.currentTarget as HTMLInputElement).value)}
      />
      <p class="faint" id=${`${fieldId}-form`}>1 to 63 lower-case letters, digits and hyphens.</p>
      ${h(PolicyChoice, { value: policy.value, onChange: (value) => (policy.value = value) })}
      ${problem === undefined ? null : h(ProblemNote, { problem })}
      <div class="buttons">
        ${
          isGood && !isBusy
            ? html`<button type="submit" class="main">Add it and make its key</button>`
            : html`<button type="submit" class="main" disabled>
                ${isBusy ? 'Adding…' : 'Add it and make its key'}
              </button>`
        }
      </div>
    </form>`;
}
