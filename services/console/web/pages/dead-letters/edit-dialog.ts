/**
 * A dead letter as the line that `astrolabe dlq export` writes, laid out for editing. It is edited and sent as text, so
 * numbers that are not touched stay what they are.
 */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { JobAnswer } from '../../api/answers.ts';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote, sentence } from '../../components/notes.ts';
import { oneLine, prettyText } from '../../core/json-text.ts';
import type { Problem } from '../../core/resource-state.ts';
import { changes } from '../../state/session.ts';

export interface EditDialogProps {
  readonly exportLine: string;
  /** `isAccepted`: it was sent back. */
  readonly onClose: (isAccepted: boolean) => void;
}

type State =
  | { readonly kind: 'editing' | 'sending' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'sent'; readonly job: JobAnswer };

export function EditDialog({ exportLine, onClose }: EditDialogProps): Children {
  const id = useId();
  const text = useSignal(prettyText(exportLine));
  const state = useSignal<State>({ kind: 'editing' });
  const now = state.value;
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    state.value = { kind: 'sending' };
    const answer = await changes.redriveEdited([oneLine(text.value)]);
    state.value =
      answer.kind === 'problem' ? { kind: 'refused', problem: answer.problem } : { kind: 'sent', job: answer.body };
  };
  const close = (): void => onClose(now.kind === 'sent');
  if (now.kind === 'sent') {
    const { message } = now.job;
    return h(Dialog, {
      title: 'Edit, then redrive',
      onClose: close,
      children: html`<p class="note good">It was sent back to its topic, with your changes.</p>
        ${message === undefined ? null : html`<p>${sentence(message)}</p>`}
        <div class="buttons"><button type="button" class="main" onClick=${close}>Close</button></div>`,
    });
  }
  return h(Dialog, {
    title: 'Edit, then redrive',
    onClose: close,
    children: html`<form onSubmit=${(event: Event) => void onSubmit(event)}>
      <label for=${id}>Change the value under “event” or “command”. Place, key and headers are kept as they are.</label>
      <textarea
        id=${id}
        class="editor"
        rows="18"
        spellcheck="false"
        autocomplete="off"
        value=${text.value}
        onInput=${(event: Event) => (text.value = (event.currentTarget as HTMLTextAreaElement).value)}
      ></textarea>
      ${now.kind === 'refused' ? h(ProblemNote, { problem: now.problem }) : null}
      <div class="buttons">
        <button type="submit" class="main" disabled=${now.kind === 'sending'}>Redrive with these changes</button>
        <button type="button" onClick=${close}>Cancel</button>
      </div>
    </form>`,
  });
}
