/** Makes topics or schemas agree with this build, after a look at what that changes. */
import { useSignal } from '@preact/signals';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote } from '../../components/notes.ts';
import type { Answer, Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';

export interface ApplyDialogProps {
  readonly title: string;
  readonly verb: string;
  readonly apply: () => Promise<Answer<object>>;
  readonly onClose: () => void;
  readonly children: Children;
}

export function ApplyDialog({ title, verb, apply, onClose, children }: ApplyDialogProps): Children {
  const problem = useSignal<Problem | undefined>(undefined);
  const isBusy = useSignal(false);
  const onConfirm = async (): Promise<void> => {
    isBusy.value = true;
    const answer = await apply();
    isBusy.value = false;
    problem.value = answer.kind === 'problem' ? answer.problem : undefined;
    if (answer.kind === 'answer') {
      announce(`${verb}: done.`);
      onClose();
    }
  };
  return h(Dialog, {
    title,
    onClose,
    children: html`${children} ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
      <div class="buttons">
        <button type="button" class="main" disabled=${isBusy.value} onClick=${() => void onConfirm()}>${verb}</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>`,
  });
}
