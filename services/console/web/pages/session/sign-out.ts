import { html, type Children } from '../../components/html.ts';
import { api, readSession } from '../../state/session.ts';

export function SignOutButton(): Children {
  const signOut = async (): Promise<void> => {
    await api.post('/logout', {});
    await readSession();
  };
  return html`<button type="button" onClick=${() => void signOut()}>Sign out</button>`;
}
