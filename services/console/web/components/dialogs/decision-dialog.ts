/**
 * A change in three steps: a dry run counts, the reader confirms, a job does it. Where the plan says so, something has
 * to be typed. A plan that is too old is made again.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import type { JobAnswer, PlanAnswer } from '../../api/answers.ts';
import { counted, groupDigits, wordsOf } from '../../core/digits.ts';
import { enterDecision, isConfirmed, isExpired, type Decision, type Plan } from '../../core/decision.ts';
import type { Answer, Problem } from '../../core/resource-state.ts';
import { announce } from '../../state/announcer.ts';
import { nowMs } from '../../state/clock.ts';
import { useFocus } from '../../state/use-focus.ts';
import { Dialog } from './dialog.ts';
import { h, html, type Children } from '../html.ts';
import { Link } from '../link.ts';
import { Moment } from '../figures/moments.ts';
import { EmptyNote, LoadingNote, ProblemNote } from '../notes.ts';

export interface DecisionDialogProps {
  readonly title: string;
  /** What the button says: `Redrive`. */
  readonly verb: string;
  /** What is counted: `dead letter`. */
  readonly noun: string;
  /** Which of the plan's counts is that of the records that are changed. */
  readonly countOf: (plan: PlanAnswer) => number;
  /** The dry run. */
  readonly plan: () => Promise<Answer<PlanAnswer>>;
  readonly execute: (planId: string, typed: string | undefined) => Promise<Answer<JobAnswer>>;
  /** `isAccepted`: the change is under way. */
  readonly onClose: (isAccepted: boolean) => void;
  /** Where the accepted change can be seen. */
  readonly leadsTo?: 'job' | 'replay';
  /** What follows from it, in a sentence. */
  readonly children?: Children;
}

interface ShownPlan extends Plan {
  readonly answer: PlanAnswer;
}

export function DecisionDialog(props: DecisionDialogProps): Children {
  const { title, verb, noun, countOf, plan, execute } = props;
  const decision = useSignal<Decision<ShownPlan>>({ kind: 'planning' });
  const isGone = useSignal(false);
  const onClose = (): void => props.onClose(decision.peek().kind === 'accepted');
  const enter = (next: Decision<ShownPlan>): void => {
    if (!isGone.peek()) decision.value = enterDecision(decision.peek(), next);
  };
  const makePlan = async (): Promise<void> => {
    const answer = await plan();
    if (answer.kind === 'problem') enter({ kind: 'failed', problem: answer.problem });
    else enter({ kind: 'planned', plan: shownPlan(answer.body, countOf(answer.body)), typed: '' });
  };
  const again = (): void => {
    enter({ kind: 'planning' });
    void makePlan();
  };
  const confirm = async (planned: Extract<Decision<ShownPlan>, { kind: 'planned' }>): Promise<void> => {
    if (isExpired(planned.plan, Date.now())) return enter({ kind: 'expired' });
    enter({ kind: 'executing', plan: planned.plan });
    const answer = await execute(planned.plan.planId, planned.plan.toType);
    if (answer.kind === 'answer') {
      enter({ kind: 'accepted', plan: planned.plan, jobId: answer.body.id });
      announce(`${verb}: begun.`);
    } else enter(afterRefusal(answer.problem));
  };
  useEffect(() => {
    void makePlan();
    return () => {
      isGone.value = true;
    };
  }, []);
  const state = decision.value;
  const body = useFocus<HTMLDivElement>(state.kind, 'input, .main:enabled, a.main', true);
  return h(Dialog, {
    title,
    onClose,
    children: html`<div class="dialog-body" ref=${body} aria-live="polite">
      ${
        state.kind === 'planned'
          ? h(Confirmation, {
              planned: state,
              verb,
              noun,
              children: props.children,
              onType: (typed) => enter({ ...state, typed }),
              onConfirm: () => void confirm(state),
              onClose,
            })
          : restOf(state, { again, onClose, leadsTo: props.leadsTo ?? 'job' })
      }
    </div>`,
  });
}

function shownPlan(answer: PlanAnswer, count: number): ShownPlan {
  const { planId, expiresAt, confirmation } = answer;
  return { planId, expiresAt, count, toType: confirmation, answer };
}

function afterRefusal(problem: Problem): Decision<ShownPlan> {
  return problem.status === 410 ? { kind: 'expired' } : { kind: 'failed', problem };
}

interface Ways {
  readonly again: () => void;
  readonly onClose: () => void;
  readonly leadsTo: 'job' | 'replay';
}

function restOf(state: Exclude<Decision<ShownPlan>, { kind: 'planned' }>, { again, onClose, leadsTo }: Ways): Children {
  switch (state.kind) {
    case 'closed':
    case 'planning':
      return h(LoadingNote, { message: 'Counting what it would change. Nothing is changed yet…' });
    case 'executing':
      return h(LoadingNote, { message: 'Beginning…' });
    case 'expired':
      return html`<p class="note warn">
          The count was made too long ago to be acted on: what matches may have changed. Nothing was changed.
        </p>
        <div class="buttons">
          <button type="button" class="main" onClick=${again}>Count again</button
          ><button type="button" onClick=${onClose}>Close</button>
        </div>`;
    case 'failed':
      return html`${h(ProblemNote, { problem: state.problem })}
        <div class="buttons">
          <button type="button" class="main" onClick=${again}>Count again</button
          ><button type="button" onClick=${onClose}>Close</button>
        </div>`;
    case 'accepted':
      return html`<p class="note good">It is under way, and goes on without this page.</p>
        <div class="buttons">
          ${h(Link, {
            ...(leadsTo === 'job' ? { to: ['jobs'], query: { id: state.jobId } } : { to: ['replays', state.jobId] }),
            class: 'button main',
            children: 'See how it goes',
          })}
          <button type="button" onClick=${onClose}>Close</button>
        </div>`;
  }
}

interface ConfirmationProps {
  readonly planned: Extract<Decision<ShownPlan>, { kind: 'planned' }>;
  readonly verb: string;
  readonly noun: string;
  readonly children: Children;
  readonly onType: (typed: string) => void;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

function Confirmation({ planned, verb, noun, children, onType, onConfirm, onClose }: ConfirmationProps): Children {
  const id = useId();
  const { plan, typed } = planned;
  const { counts, notes } = plan.answer;
  if (plan.count === 0) {
    return html`${h(EmptyNote, { title: `No ${noun} would be changed.`, children: 'What matched may have been decided about already. Change the filters, or look at the counts below.' })}
      ${countList(counts)}
      <div class="buttons"><button type="button" class="main" onClick=${onClose}>Close</button></div>`;
  }
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    if (isConfirmed(planned)) onConfirm();
  };
  return html`<form onSubmit=${onSubmit}>
    <p class="big">${verb} ${counted(plan.count, noun)}?</p>
    ${children ? html`<p>${children}</p>` : null} ${countList(counts)}
    ${notes.map((note) => html`<p class="note warn">${note}</p>`)}
    ${
      plan.toType === undefined
        ? null
        : html`<label for=${id}>To confirm, type <strong class="digits">${groupDigits(plan.toType)}</strong></label>
            <input
              id=${id}
              class="confirm"
              value=${typed}
              autocomplete="off"
              spellcheck="false"
              onInput=${(event: Event) => onType((event.currentTarget as HTMLInputElement).value)}
            />`
    }
    <div class="buttons">
      <button type="submit" class="main" disabled=${!isConfirmed(planned)}>${verb} ${counted(plan.count, noun)}</button>
      <button type="button" onClick=${onClose}>Cancel</button>
    </div>
    <p class="faint">${validity(plan)}</p>
  </form>`;
}

function validity(plan: ShownPlan): Children {
  if (isExpired(plan, nowMs.value)) return 'This count is too old by now, and will be made again.';
  return html`Counted just now; good until ${h(Moment, { at: plan.expiresAt })}.`;
}

const COUNT_NAMES: Readonly<Record<string, string>> = {
  waiting: 'that wait',
  redriven: 'to be redriven',
  dismissed: 'dismissed already',
  alreadyRedriven: 'redriven already',
  exhausted: 'redriven too often already',
  untrusted: 'whose senders are not trusted enough',
  refused: 'that cannot go back as they are',
};

function countList(counts: Readonly<Record<string, number>>): Children {
  const entries = Object.entries(counts);
  if (entries.length === 0) return null;
  return html`<dl class="facts">
    ${entries.map(
      ([name, count]) =>
        html`<dt>${COUNT_NAMES[name] ?? wordsOf(name)}</dt>
          <dd class="digits">${groupDigits(count)}</dd>`,
    )}
  </dl>`;
}
