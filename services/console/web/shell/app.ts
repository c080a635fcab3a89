/** What is round every page, and the page itself. */
import { h, html, type Children } from '../components/html.ts';
import { LoadingNote, ProblemNote } from '../components/notes.ts';
import { announcement } from '../state/announcer.ts';
import { route } from '../state/location.ts';
import { readSession, session } from '../state/session.ts';
import { LoginPage } from '../pages/session/login-page.ts';
import { Header } from './header.ts';
import { Navigation } from './navigation.ts';
import { PageView } from './page-view.ts';

export function App(): Children {
  return html`
    <a class="skip" href="#main">Skip to content</a>
    ${content()}
    <div class="read-only-text" role="status" aria-live="polite">${announcement.value}</div>
  `;
}

function content(): Children {
  const state = session.value;
  switch (state.kind) {
    case 'asking':
      return html`<main id="main" class="alone">${h(LoadingNote, { message: 'Asking who you are…' })}</main>`;
    case 'failed':
      return html`<main id="main" class="alone">
        <h1>The console is not ready</h1>
        ${h(ProblemNote, { problem: state.problem, onRetry: () => void readSession() })}
      </main>`;
    case 'signed-out':
      return html`<main id="main" class="alone">${h(LoginPage, { mode: state.session.login.mode })}</main>`;
    case 'signed-in':
      return html`
        ${h(Header, { session: state.session })}
        <div class="body">
          ${h(Navigation, {})}
          <main id="main" tabindex="-1">${h(PageView, { route: route.value })}</main>
        </div>
      `;
  }
}
