/**
 * A stored value as text. It is laid out as text, so no number of it is rounded, and what is long is cut until somebody
 * asks for all of it.
 */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Payload } from '../../api/answers.ts';
import { counted, formatBytes } from '../../core/digits.ts';
import { gapBefore, layOut, looksLikeJson, prettyText, type Token } from '../../core/json-text.ts';
import { cutText } from '../../core/visible-text.ts';
import { CopyButton } from './copy-button.ts';
import { h, html, type Children } from '../html.ts';
import { marked } from './visible.ts';

const FIRST_VIEW = { maxLines: 200, maxLength: 12_000 };
/** All of it is drawn in blocks, which the browser lays out only where they are seen. */
const BLOCK_LINES = 200;
const BLOCK_LENGTH = 20_000;

export interface PayloadViewProps {
  /** What it is: `Stored event`. */
  readonly label: string;
  readonly payload: Payload;
}

export function PayloadView({ label, payload }: PayloadViewProps): Children {
  switch (payload.kind) {
    case 'none':
      return html`<p class="faint">${label}: none. The record has no value.</p>`;
    case 'bytes':
      return html`<div class="payload">
        <p class="faint">${label}: not text (${payload.reason}). Its bytes in Base64:</p>
        ${h(TextView, { label, text: payload.base64 })}
        ${payload.left ? html`<p class="faint">${formatBytes(payload.left)} more are not shown.</p>` : null}
      </div>`;
    case 'text':
      return html`<div class="payload">
        ${h(TextView, { label, text: payload.text })}
        ${payload.left ? html`<p class="faint">${counted(payload.left, 'character')} more are not shown.</p>` : null}
      </div>`;
  }
}

function TextView({ label, text }: { readonly label: string; readonly text: string }): Children {
  const isWhole = useSignal(false);
  const isRaw = useSignal(false);
  const canBeLaidOut = looksLikeJson(text);
  const first = useMemo(() => firstView(text, canBeLaidOut && !isRaw.value), [text, isRaw.value]);
  return html`
    <div class="toolbar">
      <span class="toolbar-title">${label}</span>
      ${
        canBeLaidOut
          ? html`<button
              type="button"
              class="quiet"
              aria-pressed=${String(isRaw.value)}
              onClick=${() => (isRaw.value = !isRaw.value)}
            >
              As stored
            </button>`
          : null
      }
      ${h(CopyButton, { text, label: `Copy ${label.toLowerCase()}` })}
    </div>
    <div class="text-view" tabindex="0" role="region" aria-label=${label}>
      ${isWhole.value && first.isCut ? wholeView(canBeLaidOut && !isRaw.value ? prettyText(text) : text) : html`<pre>${first.content}</pre>`}
    </div>
    ${
      first.isCut && !isWhole.value
        ? html`<p>
            <button type="button" onClick=${() => (isWhole.value = true)}>
              Show all of its ${counted(text.length, 'character')}
            </button>
          </p>`
        : null
    }
  `;
}

function firstView(text: string, isLaidOut: boolean): { readonly content: Children; readonly isCut: boolean } {
  if (!isLaidOut) {
    const cut = cutText(text, FIRST_VIEW.maxLength).split('\n').slice(0, FIRST_VIEW.maxLines).join('\n');
    return { content: marked(cut), isCut: cut.length < text.length };
  }
  const { lines, isCut } = layOut(text, FIRST_VIEW);
  const content = lines.map(({ indent, tokens }) => [
    '  '.repeat(indent),
    ...tokens.map((token, index) => [gapBefore(tokens[index - 1], token), drawn(token)]),
    '\n',
  ]);
  return { content, isCut };
}

function drawn({ kind, text }: Token): Children {
  if (kind === 'name' || kind === 'string' || kind === 'number' || kind === 'word') {
    return html`<span class=${`token-${kind}`}>${marked(text)}</span>`;
  }
  return marked(text);
}

function wholeView(text: string): Children {
  const blocks: string[] = [];
  let lines: string[] = [];
  let length = 0;
  const close = (): void => {
    if (lines.length > 0) blocks.push(lines.join('\n'));
    lines = [];
    length = 0;
  };
  for (const line of text.split('\n')) {
    for (let at = 0; at === 0 || at < line.length; at += BLOCK_LENGTH) {
      const piece = line.slice(at, at + BLOCK_LENGTH);
      lines.push(piece);
      length += piece.length;
      if (lines.length >= BLOCK_LINES || length >= BLOCK_LENGTH) close();
    }
  }
  close();
  return blocks.map((block) => html`<pre class="text-block">${marked(block)}</pre>`);
}
