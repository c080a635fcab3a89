/** Source → range → filters → forecast → start. What is entered is in the address, so that it can be handed on. */
import { useSignal } from '@preact/signals';
import { h, html, type Children } from '../../components/html.ts';
import { PageHead } from '../../components/page-head.ts';
import { DecisionDialog } from '../../components/dialogs/decision-dialog.ts';
import {
  furthestStep,
  problemsOf,
  readReplayForm,
  REPLAY_STEPS,
  toReplayRequest,
  type ReplayForm,
  type ReplayStep,
} from '../../core/replay-form.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { setQuery } from '../../state/location.ts';
import { changes, offer } from '../../state/session.ts';
import { useFocus } from '../../state/use-focus.ts';
import { FiltersStep, RangeStep, SourceStep, type StepProps } from './replay-steps.ts';

const TITLES: Readonly<Record<ReplayStep, string>> = {
  source: 'Source',
  range: 'Range',
  filters: 'Filters',
  forecast: 'Forecast',
};

export function NewReplayPage({ route }: PageProps): Children {
  const form = readReplayForm(route.query);
  const furthest = REPLAY_STEPS.indexOf(furthestStep(form));
  const wanted = REPLAY_STEPS.findIndex((step) => step === route.query['step']);
  const place = Math.max(0, Math.min(wanted, furthest));
  const step = REPLAY_STEPS[place] ?? 'source';
  const isTried = useSignal(false);
  const go = (to: number): void => {
    isTried.value = false;
    setQuery({ ...route.query, step: REPLAY_STEPS[to] });
  };
  const section = useFocus<HTMLElement>(step, 'h2', false);
  const offered = offer('start-replay');
  const problems = problemsOf(step, form);
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    if (Object.keys(problems).length > 0) isTried.value = true;
    else go(place + 1);
  };
  const props: StepProps = {
    form,
    problems: isTried.value ? problems : {},
    set: (name, value) => setQuery({ ...route.query, [name]: value }),
  };
  return html`
    ${h(PageHead, { title: 'Plan a replay', intro: 'Nothing is started before the forecast has been seen.' })}
    ${
      offered.kind === 'withheld'
        ? html`<p class="note warn">Starting a replay is not offered. ${offered.reason}</p>`
        : html`<ol class="wizard-steps">
              ${REPLAY_STEPS.map((each, index) => html`<li class=${index < place ? 'done' : ''} aria-current=${index === place ? 'step' : undefined}>${TITLES[each]}</li>`)}
            </ol>
            <section class="panel" ref=${section} aria-label=${TITLES[step]}>
              ${
                step === 'forecast'
                  ? h(ForecastStep, { form, onBack: () => go(place - 1) })
                  : html`<form class="form" novalidate onSubmit=${onSubmit}>
                      ${stepOf(step, props)}
                      <div class="buttons">
                        <button type="submit" class="main">Next</button>
                        ${place > 0 ? html`<button type="button" onClick=${() => go(place - 1)}>Back</button>` : null}
                      </div>
                    </form>`
              }
            </section>`
    }
  `;
}

function stepOf(step: Exclude<ReplayStep, 'forecast'>, props: StepProps): Children {
  switch (step) {
    case 'source':
      return h(SourceStep, props);
    case 'range':
      return h(RangeStep, props);
    case 'filters':
      return h(FiltersStep, props);
  }
}

interface ForecastStepProps {
  readonly form: ReplayForm;
  readonly onBack: () => void;
}

function ForecastStep({ form, onBack }: ForecastStepProps): Children {
  const isOpen = useSignal(false);
  return html`<h2 tabindex="-1">Forecast</h2>
    <p>
      The range is read once, without changing anything, and it is counted what the replay would do. That may take a
      while for a long range.
    </p>
    ${form.force === 'yes' ? html`<p class="note warn">It is forced: what Astrolabe has already is sent to it again, once. You will have to type the id of the replay.</p>` : null}
    <div class="buttons">
      <button type="button" class="main" onClick=${() => (isOpen.value = true)}>Make the forecast</button>
      <button type="button" onClick=${onBack}>Back</button>
    </div>
    ${
      isOpen.value
        ? h(DecisionDialog, {
            title: 'Forecast of the replay',
            verb: 'Replay',
            noun: form.source === 'commands' ? 'command' : 'event',
            countOf: ({ counts }) => counts['wouldBeSent'] ?? counts['matched'] ?? 0,
            plan: () => changes.planReplay(toReplayRequest(form, Date.now())),
            execute: changes.execute,
            onClose: () => (isOpen.value = false),
            leadsTo: 'replay',
            children: 'It runs beside live traffic, which goes first, and can be paused and cancelled.',
          })
        : null
    }`;
}
