import { useRef } from 'preact/hooks';
import type { SessionAnswer } from '../api/answers.ts';
import { Link } from '../components/link.ts';
import { h, html, type Children } from '../components/html.ts';
import { href, navigate } from '../state/location.ts';
import { chooseTheme, theme, type Theme } from '../state/theme.ts';
import { guessKind } from '../core/trail-id.ts';

export function Header({ session }: { readonly session: SessionAnswer }): Children {
  return html`<header class="top">
    ${h(Link, { to: [], class: 'brand', children: html`<span class="brand-sign" aria-hidden="true"></span> Astrolabe` })}
    ${h(FindForm, {})}
    <div class="top-end">
      ${session.readOnly ? html`<span class="badge off" title="CONSOLE_READ_ONLY is set: no change can be made here">Read-only</span>` : null}
      ${h(ThemeSwitch, {})}
      ${h(Link, { to: ['session'], class: 'who', children: html`${session.name ?? 'You'}<span class="faint"> ${session.role ?? 'no role'}</span>` })}
    </div>
  </header>`;
}

function FindForm(): Children {
  const input = useRef<HTMLInputElement>(null);
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    const id = input.current?.value.trim() ?? '';
    if (id === '') return;
    navigate(href(['trail', guessKind(id), id]));
    if (input.current !== null) input.current.value = '';
  };
  return html`<form class="find" role="search" aria-label="Find an id" onSubmit=${onSubmit}>
    <input
      ref=${input}
      type="search"
      aria-label="Message, command or user id"
      placeholder="Find a message, command or user id"
      autocomplete="off"
      spellcheck="false"
    />
    <button type="submit">Find</button>
  </form>`;
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function ThemeSwitch(): Children {
  return html`<select
    class="theme"
    aria-label="Colours"
    value=${theme.value}
    onChange=${(event: Event) => chooseTheme((event.currentTarget as HTMLSelectElement).value as Theme)}
  >
    ${THEMES.map(([value, label]) => html`<option value=${value} selected=${value === theme.value}>${label}</option>`)}
  </select>`;
}
