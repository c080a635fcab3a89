/** What an administrator may change about a connector, and a test event for it. */
import { useSignal } from '@preact/signals';
import type { ConnectorSettings } from '../../api/answers.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { h, html, type Children } from '../../components/html.ts';
import { CheckKey } from './check-key.ts';
import { EditDialog } from './edit-dialog.ts';
import { EnableDialog, RetireDialog, RotateDialog } from './key-dialogs.ts';
import { TestEvent } from './test-event.ts';

export interface ConnectorActionsProps {
  readonly settings: ConnectorSettings;
  readonly onChange: () => void;
}

type Open = 'edit' | 'rotate' | 'retire' | 'enable' | undefined;

export function ConnectorActions({ settings, onChange }: ConnectorActionsProps): Children {
  const open = useSignal<Open>(undefined);
  const onClose = (): void => {
    open.value = undefined;
    onChange();
  };
  const { id, enabled, writeKeys } = settings;
  return html`<div class="toolbar">
      ${h(ActionButton, { action: 'edit-connector', onClick: () => (open.value = 'edit'), children: 'Edit' })}
      ${h(ActionButton, { action: 'enable-connector', onClick: () => (open.value = 'enable'), children: enabled ? 'Switch off' : 'Switch on' })}
      ${h(ActionButton, { action: 'rotate-key', onClick: () => (open.value = 'rotate'), children: 'Rotate its key' })}
      ${writeKeys.length === 0 ? null : h(ActionButton, { action: 'retire-key', onClick: () => (open.value = 'retire'), children: 'Retire an old key' })}
    </div>
    ${h(CheckKey, { id })} ${h(TestEvent, { id })}
    ${open.value === 'edit' ? h(EditDialog, { settings, onClose }) : null}
    ${open.value === 'enable' ? h(EnableDialog, { settings, onClose }) : null}
    ${open.value === 'rotate' ? h(RotateDialog, { settings, onClose }) : null}
    ${open.value === 'retire' ? h(RetireDialog, { settings, onClose }) : null}`;
}
