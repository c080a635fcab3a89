/** Dismissing wants a reason, which the audit and the record keep. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { DeadLetterSelection } from '../../api/changes.ts';
import { DecisionDialog } from '../../components/dialogs/decision-dialog.ts';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { changes } from '../../state/session.ts';

export interface DismissDialogProps {
  readonly selection: DeadLetterSelection;
  /** `isAccepted`: the dismissal is under way. */
  readonly onClose: (isAccepted: boolean) => void;
}

export function DismissDialog({ selection, onClose }: DismissDialogProps): Children {
  const id = useId();
  const reason = useSignal('');
  const isGiven = useSignal(false);
  if (isGiven.value) {
    return h(DecisionDialog, {
      title: 'Dismiss dead letters',
      verb: 'Dismiss',
      noun: 'dead letter',
      countOf: ({ counts }) => counts['dismissed'] ?? counts['waiting'] ?? 0,
      plan: () => changes.planDismissal(selection, reason.value.trim()),
      execute: changes.execute,
      onClose,
      children: 'They are marked as decided and never sent. They stay on their topic until it drops them.',
    });
  }
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    isGiven.value = reason.value.trim() !== '';
  };
  const onCancel = (): void => onClose(false);
  return h(Dialog, {
    title: 'Dismiss dead letters',
    onClose: onCancel,
    children: html`<form onSubmit=${onSubmit}>
      <label for=${id}>Why are they not to be sent? The audit keeps it.</label>
      <input
        id=${id}
        value=${reason.value}
        required
        maxlength="500"
        autofocus
        onInput=${(event: Event) => (reason.value = (event.currentTarget as HTMLInputElement).value)}
      />
      <div class="buttons">
        <button type="submit" class="main">Count them</button><button type="button" onClick=${onCancel}>Cancel</button>
      </div>
    </form>`,
  });
}
