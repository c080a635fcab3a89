/** A dialog of the browser itself: it keeps the focus within, ends with Escape, and gives the focus back. */
import { useEffect, useId, useRef } from 'preact/hooks';
import { html, type Children } from '../html.ts';

export interface DialogProps {
  readonly title: string;
  /** By Escape or a button. */
  readonly onClose: () => void;
  readonly children: Children;
}

/** Open as long as it is drawn. */
export function Dialog({ title, onClose, children }: DialogProps): Children {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onCancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${element} aria-labelledby=${id} onCancel=${onCancel}>
    <div class="dialog-head">
      <h2 id=${id}>${title}</h2>
      <button type="button" class="quiet" aria-label="Close" onClick=${onClose}>✕</button>
    </div>
    ${children}
  </dialog>`;
}
