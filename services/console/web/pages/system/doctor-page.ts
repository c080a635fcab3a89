/** Everything that the pipeline depends on, examined. */
import type { DoctorAnswer } from '../../api/answers.ts';
import { Badge } from '../../components/figures/badge.ts';
import { Findings } from '../../components/findings.ts';
import { FilterForm } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Ago, Seconds } from '../../components/figures/moments.ts';
import { EmptyNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { counted } from '../../core/digits.ts';
import { panelOf } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

type DoctorValue = Extract<DoctorAnswer['doctor'], { kind: 'ready' }>['value'];

/** While the first examination is under way, its end is not missed for long. */
const REFRESH_MS = 5_000;

export function DoctorPage({ route }: PageProps): Children {
  const resource = useResource((signal) => api.get<DoctorAnswer>('/doctor', {}, signal), {
    key: 'doctor',
    refreshMs: REFRESH_MS,
  });
  const shown = panelOf(resource.state, (body) => body.doctor);
  return html`
    ${h(PageHead, { title: 'Doctor', intro: 'Brokers, topics, registry, Astrolabe, keys, ledger and disk, examined.' })}
    ${h(FilterForm, {
      label: 'Filter the findings',
      fields: [
        {
          kind: 'choice',
          name: 'level',
          label: 'Show',
          choices: [
            ['', 'Everything'],
            ['warning', 'Warnings and problems'],
            ['problem', 'Problems'],
          ],
        },
      ],
    })}
    ${h(Loaded<DoctorValue>, { shown, onRetry: resource.reload, children: (value) => report(value, shown.kind === 'ready' ? shown.at : '', route.query['level'] ?? '') })}
  `;
}

function report(
  { findings, problems, warnings, tookSeconds, freshForSeconds }: DoctorValue,
  at: string,
  level: string,
): Children {
  const order = ['problem', 'warning', 'ok'] as const;
  const shown = findings
    .filter((finding) => level === '' || finding.level === level || finding.level === 'problem')
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  return html`
    <p>
      ${problems > 0 ? h(Badge, { tone: 'bad', children: counted(problems, 'problem') }) : null}
      ${warnings > 0 ? h(Badge, { tone: 'warn', children: counted(warnings, 'warning') }) : null}
      ${problems + warnings === 0 ? h(Badge, { tone: 'good', children: 'all in order' }) : null}
      <span class="faint"
        >Examined ${h(Ago, { at })}, which took ${h(Seconds, { seconds: tookSeconds })}. It is examined again after
        ${h(Seconds, { seconds: freshForSeconds })}.</span
      >
    </p>
    ${shown.length === 0 ? h(EmptyNote, { title: 'Nothing of this kind was found.', children: 'Show everything to see what was examined.' }) : h(Findings, { findings: shown })}
  `;
}
