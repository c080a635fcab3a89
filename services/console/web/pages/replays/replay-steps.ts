/** The fields of planning a replay. */
import { useId } from 'preact/hooks';
import { h, html, type Children } from '../../components/html.ts';
import type { FieldProblems, ReplayForm } from '../../core/replay-form.ts';
import { fromLocalInput, toLocalInput } from '../../core/times.ts';

export interface StepProps {
  readonly form: ReplayForm;
  readonly problems: FieldProblems;
  readonly set: (name: keyof ReplayForm, value: string | undefined) => void;
}

interface FieldProps extends StepProps {
  readonly name: keyof ReplayForm;
  readonly label: string;
  readonly hint?: string;
}

function TextField({ form, problems, set, name, label, hint }: FieldProps): Children {
  const id = useId();
  const problem = problems[name];
  return html`<label for=${id}>${label}</label>
    <input
      id=${id}
      value=${form[name]}
      autocomplete="off"
      spellcheck="false"
      aria-invalid=${problem === undefined ? undefined : 'true'}
      aria-describedby=${`${id}-more`}
      onChange=${(event: Event) => set(name, (event.currentTarget as HTMLInputElement).value.trim())}
    />
    <p id=${`${id}-more`} class=${problem === undefined ? 'faint' : 'field-problem'}>${problem ?? hint ?? ''}</p>`;
}

function TimeField({ form, problems, set, name, label, hint }: FieldProps): Children {
  const id = useId();
  const problem = problems[name];
  return html`<label for=${id}>${label}</label>
    <input
      id=${id}
      type="datetime-local"
      step="1"
      value=${toLocalInput(form[name])}
      aria-invalid=${problem === undefined ? undefined : 'true'}
      aria-describedby=${`${id}-more`}
      onChange=${(event: Event) => set(name, fromLocalInput((event.currentTarget as HTMLInputElement).value))}
    />
    <p id=${`${id}-more`} class=${problem === undefined ? 'faint' : 'field-problem'}>${problem ?? hint ?? ''}</p>`;
}

interface ChoiceProps extends StepProps {
  readonly name: keyof ReplayForm;
  readonly legend: string;
  readonly choices: readonly (readonly [value: string, label: string, more: string])[];
}

function Choice({ form, problems, set, name, legend, choices }: ChoiceProps): Children {
  return html`<fieldset>
    <legend>${legend}</legend>
    ${choices.map(
      ([value, label, more]) =>
        html`<label class="choice">
          <input
            type="radio"
            name=${name}
            value=${value}
            checked=${form[name] === value}
            onChange=${() => set(name, value)}
          />
          <span>${label}<span class="faint"> ${more}</span></span>
        </label>`,
    )}
    ${problems[name] === undefined ? null : html`<p class="field-problem" role="alert">${problems[name]}</p>`}
  </fieldset>`;
}

export function SourceStep(props: StepProps): Children {
  return html`<h2 tabindex="-1">What is to be handled again?</h2>
    ${h(Choice, {
      ...props,
      name: 'source',
      legend: 'Source',
      choices: [
        [
          'events',
          'Events',
          'They are mapped again, as after a change of the rules; then their commands are delivered.',
        ],
        ['commands', 'Commands', 'They are delivered again as they are, as after the API has lost something.'],
      ],
    })}`;
}

export function RangeStep(props: StepProps): Children {
  const { range } = props.form;
  return html`<h2 tabindex="-1">Which part of the topic?</h2>
    ${h(Choice, {
      ...props,
      name: 'range',
      legend: 'Range',
      choices: [
        ['last', 'The last hours or days', 'back from now'],
        ['times', 'From one time to another', ''],
        ['offsets', 'Offsets', 'of named partitions'],
        ['all', 'All that the topic still holds', ''],
      ],
    })}
    ${range === 'last' ? h(TextField, { ...props, name: 'period', label: 'How long', hint: 'A number with s, m, h or d behind it.' }) : null}
    ${
      range === 'times'
        ? html`${h(TimeField, { ...props, name: 'from', label: 'From', hint: 'Your local time.' })}${h(TimeField, { ...props, name: 'to', label: 'Until', hint: 'Left empty: until the moment of the start.' })}`
        : null
    }
    ${range === 'offsets' ? h(TextField, { ...props, name: 'offsets', label: 'Offsets', hint: 'partition:first-last, several separated by commas.' }) : null}`;
}

export function FiltersStep(props: StepProps): Children {
  const isCommands = props.form.source === 'commands';
  return html`<h2 tabindex="-1">Which records of it?</h2>
    <p class="faint">What is left empty matches everything.</p>
    ${h(TextField, { ...props, name: 'connector', label: 'Connector', hint: 'Its id.' })}
    ${h(TextField, { ...props, name: 'user', label: 'User' })}
    ${h(TextField, { ...props, name: 'account', label: 'Account' })}
    ${h(TextField, { ...props, name: 'type', label: 'Type', hint: isCommands ? 'The kind of command, such as UpsertUser.' : 'identify, group, track…' })}
    ${isCommands ? null : h(TextField, { ...props, name: 'event', label: 'Event name', hint: 'Of a track call.' })}
    ${h(TextField, { ...props, name: 'rate', label: 'At most so many records a second', hint: 'Left empty: as fast as live traffic leaves room.' })}
    ${h(Choice, {
      ...props,
      name: 'force',
      legend: 'What was delivered already',
      choices: [
        ['', 'Is left out', 'The delivery ledger knows it.'],
        ['yes', 'Is delivered again, once', 'Forced: Astrolabe executes it a second time.'],
      ],
    })}`;
}
