/** Switching a connector on and off, giving it another key, and taking an old one away. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { RotatedAnswer } from '../../api/answers.ts';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote } from '../../components/notes.ts';
import { Visible } from '../../components/text/visible.ts';
import type { Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';
import { changes } from '../../state/session.ts';
import type { ChangeDialogProps } from './edit-dialog.ts';
import { KeyOnce } from './key-once.ts';

export function EnableDialog({ settings: { id, name, enabled }, onClose }: ChangeDialogProps): Children {
  const problem = useSignal<Problem | undefined>(undefined);
  const verb = enabled ? 'Switch off' : 'Switch on';
  const onConfirm = async (): Promise<void> => {
    const answer = await changes.enableConnector(id, !enabled);
    if (answer.kind === 'problem') problem.value = answer.problem;
    else {
      announce(`${name}: ${enabled ? 'off' : 'on'}.`);
      onClose();
    }
  };
  return h(Dialog, {
    title: `${verb} a connector`,
    onClose,
    children: html`<p>
        ${
          enabled
            ? 'Requests with its keys are refused from then on, and its stored events are skipped. What already waits for its call becomes a dead letter.'
            : 'Requests with its keys are accepted from then on.'
        }
      </p>
      ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
      <div class="buttons">
        <button type="button" class="main" onClick=${() => void onConfirm()}>
          ${verb} ${h(Visible, { text: name, maxLength: 40 })}
        </button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>`,
  });
}

export function RotateDialog({ settings: { id, name }, onClose }: ChangeDialogProps): Children {
  const rotated = useSignal<RotatedAnswer | Problem | undefined>(undefined);
  const state = rotated.value;
  const onConfirm = async (): Promise<void> => {
    const answer = await changes.rotateKey(id);
    rotated.value = answer.kind === 'problem' ? answer.problem : answer.body;
  };
  if (state !== undefined && 'id' in state) {
    return h(Dialog, {
      title: 'The new key',
      onClose,
      children: html`${h(KeyOnce, { added: state })}
        <div class="buttons"><button type="button" class="main" onClick=${onClose}>I have it</button></div>`,
    });
  }
  return h(Dialog, {
    title: 'Rotate its key',
    onClose,
    children: html`<p>
        ${h(Visible, { text: name })} gets a new key. The old one is still accepted from senders until you retire it, so
        no event is refused while Segment is changed over.
      </p>
      ${state === undefined ? null : h(ProblemNote, { problem: state })}
      <div class="buttons">
        <button type="button" class="main" onClick=${() => void onConfirm()}>Make a new key</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>`,
  });
}

/** The end of a rotation. Only keys that can be told by their fingerprints are offered. */
export function RetireDialog({ settings: { id, writeKeys }, onClose }: ChangeDialogProps): Children {
  const fieldId = useId();
  const fingerprints = writeKeys.flatMap((key) => (key.kind === 'known' ? [key.fingerprint] : []));
  const chosen = useSignal(fingerprints[0] ?? '');
  const problem = useSignal<Problem | undefined>(undefined);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answer = await changes.retireKey(id, chosen.value);
    if (answer.kind === 'problem') problem.value = answer.problem;
    else {
      announce('Retired.');
      onClose();
    }
  };
  return h(Dialog, {
    title: 'Retire an old key',
    onClose,
    children: html`<form onSubmit=${(event: Event) => void onSubmit(event)}>
      <p>Senders that still use it are refused from then on. Make sure that Segment has the new one.</p>
      <label for=${fieldId}>Write key, by its fingerprint</label>
      <select
        id=${fieldId}
        value=${chosen.value}
        onChange=${(event: Event) => (chosen.value = (event.currentTarget as HTMLSelectElement).value)}
      >
        ${fingerprints.map((fingerprint) => html`<option value=${fingerprint}>${fingerprint}</option>`)}
      </select>
      ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
      <div class="buttons">
        <button type="submit" class="main" disabled=${chosen.value === ''}>Retire this key</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>`,
  });
}
