import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { ConnectorSettings } from '../../api/answers.ts';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote } from '../../components/notes.ts';
import type { Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';
import { changes } from '../../state/session.ts';
import { PolicyChoice } from './policy-choice.ts';

export interface ChangeDialogProps {
  readonly settings: ConnectorSettings;
  readonly onClose: () => void;
}

/** Name and policy; limits and domains are for the connectors file. */
export function EditDialog({ settings, onClose }: ChangeDialogProps): Children {
  const id = useId();
  const name = useSignal(settings.name);
  const policy = useSignal(settings.freeEmailProviders);
  const problem = useSignal<Problem | undefined>(undefined);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const edit = { name: name.value.trim(), freeEmailProviders: policy.value };
    const answer = await changes.editConnector(settings.id, edit);
    if (answer.kind === 'problem') problem.value = answer.problem;
    else {
      announce('Saved.');
      onClose();
    }
  };
  return h(Dialog, {
    title: 'Edit a connector',
    onClose,
    children: html`<form onSubmit=${(event: Event) => void onSubmit(event)}>
      <label for=${id}>Name</label>
      <input
        id=${id}
        value=${name.value}
        required
        maxlength="200"
        autocomplete="off"
        autofocus
        onInput=${(event: Event) => (name.value = (event.currentTarget as HTMLInputElement).value)}
      />
      ${h(PolicyChoice, { value: policy.value, onChange: (value) => (policy.value = value) })}
      <p class="faint">Limits and domains are set in the connectors file.</p>
      ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
      <div class="buttons">
        <button type="submit" class="main" disabled=${name.value.trim() === ''}>Save</button
        ><button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>`,
  });
}
