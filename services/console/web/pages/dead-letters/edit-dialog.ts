/**
 * A dead letter as the line that `astrolabe dlq export` writes, laid out for editing. It is edited and sent as text, so
 * numbers that are not touched stay what they are.
 */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { ProblemNote } from '../../components/notes.ts';
import { oneLine, prettyText } from '../../core/json-text.ts';
import type { Problem } from '../../core/resource-state.ts';
import { changes } from '../../state/session.ts';

export interface EditDialogProps {
  readonly exportLine: string;
  readonly onClose: () => void;
}

export function EditDialog({ exportLine, onClose }: EditDialogProps): Children {
  const id = useId();
  const text = useSignal(prettyText(exportLine));
  const state = useSignal<'editing' | 'sending' | { readonly jobId: string } | Problem>('editing');
  const now = state.value;
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    state.value = 'sending';
    const answer = await changes.redriveEdited([oneLine(text.value)]);
    state.value = answer.kind === 'problem' ? answer.problem : { jobId: answer.body.id };
  };
  if (typeof now === 'object' && 'jobId' in now) {
    return h(Dialog, {
      title: 'Edit, then redrive',
      onClose,
      children: html`<p class="note good">It is under way, with your changes.</p>
        <div class="buttons">
          ${h(Link, { to: ['jobs'], query: { id: now.jobId }, class: 'button main', children: 'See how it goes' })}<button
            type="button"
            onClick=${onClose}
          >
            Close
          </button>
        </div>`,
    });
  }
  return h(Dialog, {
    title: 'Edit, then redrive',
    onClose,
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
      ${typeof now === 'object' ? h(ProblemNote, { problem: now }) : null}
      <div class="buttons">
        <button type="submit" class="main" disabled=${now === 'sending'}>Redrive with these changes</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>`,
  });
}
