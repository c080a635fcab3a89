/** Who am I, which role I have, and why: what came with the log-in, and the rule that it met. */
import { h, html, type Children } from '../../components/html.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { DataTable } from '../../components/data-table.ts';
import { Visible } from '../../components/text/visible.ts';
import { ACTIONS } from '../../core/access.ts';
import { offer, session } from '../../state/session.ts';
import { SignOutButton } from './sign-out.ts';

const MODES = {
  none: 'Everybody who reaches this address is let in: the console listens on this machine alone.',
  basic: 'You have signed in with a name and a password of this console.',
  oidc: 'You have signed in with your identity provider.',
} as const;

export function SessionPage(): Children {
  const state = session.value;
  if (state.kind !== 'signed-in') return null;
  const { login, name, role, grantedBy, claims, claimsLeft, expiresAt, readOnly, version } = state.session;
  const rows = Object.entries(claims).flatMap(([claim, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) => ({ claim, value: textOf(each) })),
  );
  return html`
    ${h(PageHead, { title: 'You', intro: MODES[login.mode], actions: login.mode === 'none' ? null : h(SignOutButton, {}) })}
    <section class="panel" aria-labelledby="who">
      <h2 id="who">Who you are here</h2>
      <dl class="facts">
        <dt>Name in the audit</dt>
        <dd>${h(Visible, { text: name ?? 'nobody' })}</dd>
        <dt>Role</dt>
        <dd>${role ?? 'none'}</dd>
        <dt>Rule of CONSOLE_ROLES that gave it</dt>
        <dd>${grantedBy === null ? html`<span class="faint">none</span>` : html`<code>${grantedBy}</code>`}</dd>
        ${
          expiresAt === null
            ? null
            : html`<dt>Signed in until</dt>
                <dd>${h(Moment, { at: expiresAt })}</dd>`
        }
        <dt>Console</dt>
        <dd>version ${version}${readOnly ? ', read-only' : ''}</dd>
      </dl>
    </section>
    <section class="panel" aria-labelledby="claims">
      <h2 id="claims">What came with your log-in</h2>
      ${
        rows.length === 0
          ? h(EmptyNote, {
              title: 'Nothing came.',
              children: 'Rules of CONSOLE_ROLES can only be of the form *=role here.',
            })
          : h(DataTable<(typeof rows)[number]>, {
              caption: 'Claims',
              rows,
              keyOf: (row) => `${row.claim}=${row.value}`,
              columns: [
                { name: 'Claim', cell: ({ claim }) => html`<code>${h(Visible, { text: claim })}</code>` },
                { name: 'Value', cell: ({ value }) => h(Visible, { text: value }) },
              ],
            })
      }
      ${claimsLeft.length === 0 ? null : html`<p class="faint">These came too, and did not fit into the session: ${h(Visible, { text: claimsLeft.join(', ') })}.</p>`}
    </section>
    <section class="panel" aria-labelledby="may">
      <h2 id="may">What you may change</h2>
      <dl class="facts">
        ${ACTIONS.map((action) => {
          const offered = offer(action);
          return html`<dt><code>${action}</code></dt>
            <dd>${offered.kind === 'offered' ? 'yes' : html`<span class="faint">no. ${offered.reason}</span>`}</dd>`;
        })}
      </dl>
    </section>
  `;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
