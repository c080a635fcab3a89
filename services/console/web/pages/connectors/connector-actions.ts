/** What an administrator may change about a connector, and a test event for it. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { ConnectorSettings } from '../../api/answers.ts';
import type { AddedConnector } from '../../api/changes.ts';
import { ActionButton } from '../../components/action.ts';
import { Dialog } from '../../components/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote } from '../../components/notes.ts';
import { Visible } from '../../components/visible.ts';
import type { Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';
import { href, navigate } from '../../state/location.ts';
import { changes } from '../../state/session.ts';
import { KeyOnce } from './key-once.ts';
import { TestEvent } from './test-event.ts';

export interface ConnectorActionsProps {
  readonly settings: ConnectorSettings;
  readonly onChange: () => void;
}

type Open = 'rotate' | 'retire' | 'enable' | undefined;

export function ConnectorActions({ settings, onChange }: ConnectorActionsProps): Children {
  const open = useSignal<Open>(undefined);
  const close = (): void => {
    open.value = undefined;
    onChange();
  };
  const { id, enabled } = settings;
  return html`<div class="toolbar">
      ${h(ActionButton, { action: 'enable-connector', onClick: () => (open.value = 'enable'), children: enabled ? 'Switch off' : 'Switch on' })}
      ${h(ActionButton, { action: 'rotate-key', onClick: () => (open.value = 'rotate'), children: 'Rotate its key' })}
      ${h(ActionButton, { action: 'retire-connector', onClick: () => (open.value = 'retire'), children: 'Retire' })}
    </div>
    ${h(TestEvent, { id })} ${open.value === 'enable' ? h(EnableDialog, { settings, onClose: close }) : null}
    ${open.value === 'rotate' ? h(RotateDialog, { settings, onClose: close }) : null}
    ${open.value === 'retire' ? h(RetireDialog, { settings, onClose: close }) : null}`;
}

interface ChangeDialogProps {
  readonly settings: ConnectorSettings;
  readonly onClose: () => void;
}

function EnableDialog({ settings: { id, name, enabled }, onClose }: ChangeDialogProps): Children {
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

function RotateDialog({ settings: { id, name }, onClose }: ChangeDialogProps): Children {
  const rotated = useSignal<AddedConnector | Problem | undefined>(undefined);
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
        <button type="button" class="main" onClick=${() => void onConfirm()}>Make a new key</button
        ><button type="button" onClick=${onClose}>Cancel</button>
      </div>`,
  });
}

function RetireDialog({ settings: { id }, onClose }: ChangeDialogProps): Children {
  const inputId = useId();
  const typed = useSignal('');
  const problem = useSignal<Problem | undefined>(undefined);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answer = await changes.retireConnector(id);
    if (answer.kind === 'problem') problem.value = answer.problem;
    else navigate(href(['connectors']));
  };
  return h(Dialog, {
    title: 'Retire a connector',
    onClose,
    children: html`<form onSubmit=${(event: Event) => void onSubmit(event)}>
      <p>
        It is taken out of the connectors file. Its senders are refused, and what waits for delivery becomes a dead
        letter.
      </p>
      <label for=${inputId}>To confirm, type its id, <strong>${h(Visible, { text: id })}</strong></label>
      <input
        id=${inputId}
        class="confirm"
        value=${typed.value}
        autocomplete="off"
        spellcheck="false"
        autofocus
        onInput=${(event: Event) => (typed.value = (event.currentTarget as HTMLInputElement).value)}
      />
      ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
      <div class="buttons">
        <button type="submit" class="main" disabled=${typed.value.trim() !== id}>Retire it</button
        ><button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>`,
  });
}
