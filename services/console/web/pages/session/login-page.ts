/** Shown in the place of every page while nobody is signed in; the address stays, so the page is there afterwards. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote } from '../../components/notes.ts';
import type { Problem } from '../../core/resource-state.ts';
import { toSearch } from '../../core/routes.ts';
import { base } from '../../state/location.ts';
import { api, readSession } from '../../state/session.ts';

export interface LoginPageProps {
  readonly mode: 'none' | 'basic' | 'oidc';
}

export function LoginPage({ mode }: LoginPageProps): Children {
  return html`
    <h1>Sign in</h1>
    ${mode === 'oidc' ? providerLink() : h(PasswordForm, {})}
  `;
}

/** Afterwards the provider leads back to the page that was asked for. */
function providerLink(): Children {
  const returnTo = location.pathname.slice(base.length - 1) + location.search;
  return html`<p>This console asks your identity provider who you are.</p>
    <p>
      <a class="button main" href=${`${base}login/start${toSearch({ returnTo })}`} target="_self"
        >Continue to your identity provider</a
      >
    </p>`;
}

function PasswordForm(): Children {
  const id = useId();
  const problem = useSignal<Problem | undefined>(undefined);
  const isBusy = useSignal(false);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    isBusy.value = true;
    const answer = await api.post('/login', { name: form.get('name'), password: form.get('password') });
    isBusy.value = false;
    problem.value = answer.kind === 'problem' ? answer.problem : undefined;
    if (answer.kind === 'answer') await readSession();
  };
  return html`
    <form class="login" onSubmit=${(event: Event) => void onSubmit(event)}>
      <label for=${`${id}-name`}>Name</label>
      <input id=${`${id}-name`} name="name" autocomplete="username" required autofocus />
      <label for=${`${id}-password`}>Password</label>
      <input id=${`${id}-password`} name="password" type="password" autocomplete="current-password" required />
      <button class="main" type="submit" disabled=${isBusy.value}>Sign in</button>
    </form>
    ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
  `;
}
