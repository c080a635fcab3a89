import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { PageHead } from '../../components/page-head.ts';

export function UnknownPage(): Children {
  return html`
    ${h(PageHead, { title: 'There is nothing here', intro: 'No page of the console has this address. It may be cut off, or of another version.' })}
    <p>${h(Link, { to: [], children: 'To the overview' })}</p>
  `;
}
