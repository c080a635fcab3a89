import { useId } from 'preact/hooks';
import { html, type Children } from '../../components/html.ts';

type Policy = 'allow' | 'block';

const CHOICES: readonly (readonly [Policy, string, string])[] = [
  ['allow', 'Let through', 'Every user becomes a User of Astrolabe.'],
  ['block', 'Skip', 'Users at gmail.com and the like are left out; their events are skipped.'],
];

export interface PolicyChoiceProps {
  readonly value: Policy;
  readonly onChange: (value: Policy) => void;
}

/** What is done with free email providers. */
export function PolicyChoice({ value, onChange }: PolicyChoiceProps): Children {
  const name = useId();
  return html`<fieldset>
    <legend>Users with an address at a free email provider</legend>
    ${CHOICES.map(
      ([choice, label, more]) =>
        html`<label class="choice">
          <input
            type="radio"
            name=${name}
            value=${choice}
            checked=${value === choice}
            onChange=${() => onChange(choice)}
          />
          <span>${label}<span class="faint"> ${more}</span></span>
        </label>`,
    )}
  </fieldset>`;
}
