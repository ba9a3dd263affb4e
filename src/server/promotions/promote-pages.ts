import type { MetricLimit, PromotionRule } from '../../policy/promotions/promotion-rule.ts'
import { escapeHtml, plainPage } from '../http/plain-page.ts'
import type { Case, Named } from './promotion-case.ts'
import type { Standing } from './promotions.ts'
import type { Step } from './read-step.ts'

/** A rule, and what the person may do by it. */
export type Choice = Pick<PromotionRule, 'from' | 'to' | 'people' | 'requiredTags' | 'metrics'> & {
  readonly mayAsk: boolean
  readonly mayApprove: boolean
}

/** The pages stand at `/-/promote` and link from there, so that they work below a base path. */
const back = '<a class="button plain" href="../">Back to MLflow</a>'

function hidden(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('')
}

function limitText({ name, min, max }: MetricLimit): string {
  const bounds = [min === undefined ? '' : `at least ${min}`, max === undefined ? '' : `at most ${max}`].filter(
    (text) => text !== '',
  )
  return `metric ${name} ${bounds.join(' and ')}`
}

/** What a rule demands, in a sentence. */
function demandsOf({ requiredTags, metrics, people }: Choice | PromotionRule): string {
  const demands = [...requiredTags.map((tag) => `tag ${tag}`), ...metrics.map(limitText)]
  const who = people === 2 ? 'two people: one asks, another one approves' : 'an approver, who may also ask'
  return `<p class="soft">It takes ${who}.${demands.length === 0 ? '' : ` Required: ${escapeHtml(demands.join(', '))}.`}</p>`
}

function choiceForm(choice: Choice, named: Named): string {
  const { from, to, mayAsk } = choice
  // What a page of another environment shows is no version of this one.
  const { model, version } = named.from === from ? named : { model: '', version: '' }
  const field = (name: string, label: string, value: string) =>
    `<label>${label}<input name="${name}" value="${escapeHtml(value)}" required autocomplete="off"></label>`
  const fields = `${hidden({ from, to })}${field('model', 'Model', model)}${field('version', 'Version', version)}`
  const form = `<form class="fields" action="promote">${fields}<button class="button">${mayAsk ? 'Continue' : 'Look'}</button></form>`
  return `<h2>From ${escapeHtml(from)} to ${escapeHtml(to)}</h2>${demandsOf(choice)}${form}`
}

/** A promotion that waits, and what the person may do. */
export interface WaitingChoice extends Named {
  readonly state: 'asked' | 'approved'
  readonly asked: { readonly by: string; readonly at: string } | null
  readonly may: Readonly<Record<Step, boolean>>
}

function waitingRow({ from, to, model, version, state, asked, may }: WaitingChoice): string {
  const address = `promote?${new URLSearchParams({ from, to, model, version })}`
  const what =
    state === 'approved' ? 'approved, and not completed' : may.approve ? 'waits for your approval' : 'waits for approval'
  const asking = asked === null ? '' : `; asked for by ${asked.by}, ${time(asked.at)}`
  return `<li><a href="${escapeHtml(address)}">${escapeHtml(`${model} ${version}`)}</a> from ${escapeHtml(from)} to ${escapeHtml(to)}: ${escapeHtml(`${what}${asking}`)}</li>`
}

function waitingList(waiting: readonly WaitingChoice[] | null): string {
  if (waiting === null)
    return '<p class="soft">A workspace cannot be searched for what waits: open the address that whoever asks sends you.</p>'
  return waiting.length === 0 ? '<p>Nothing waits.</p>' : `<ul>${waiting.map(waitingRow).join('')}</ul>`
}

/** Which promotions a person has to do with: those that wait (null: unknown), and the rules by which one may be asked for. */
export function choicesPage(choices: readonly Choice[], waiting: readonly WaitingChoice[] | null, named: Named): string {
  const none = '<p>No rule of promotion concerns your environments, and you approve none.</p>'
  const forms = choices.length === 0 ? none : choices.map((choice) => choiceForm(choice, named)).join('')
  const list = choices.length === 0 ? '' : `<h2>Waiting</h2>${waitingList(waiting)}`
  return plainPage('Promote a version', `${list}${forms}<p class="actions">${back}</p>`)
}

const time = (at: string) => at.replace('T', ' ').replace('Z', ' UTC')

function stateOf({ rule }: Case, { state, request, promotedAs }: Standing): string {
  if (state === 'promoted')
    return `<p><strong>Promoted.</strong> It is version ${escapeHtml(promotedAs ?? '')} in ${rule.to}.</p>`
  if (request === null) return '<p>Nobody has asked for this promotion yet.</p>'
  const { asked, approved } = request
  const asking = `Asked for by ${escapeHtml(asked.name)}, ${escapeHtml(time(asked.at))}.`
  if (approved === null)
    return `<p><strong>Waits for approval.</strong> ${asking} Until then nothing of what the version is made of can be changed.</p>`
  const approval = `Approved by ${escapeHtml(approved.name)}, ${escapeHtml(time(approved.at))}.`
  return `<p><strong>Approved, and not completed.</strong> ${asking} ${approval} Complete it.</p>`
}

/** In the order in which they stand on the page. */
const buttons: readonly (readonly [Step, string])[] = [
  ['approve', 'Approve'],
  ['ask', 'Ask for approval'],
  ['decline', 'Decline'],
  ['withdraw', 'Withdraw'],
]

/** How one promotion stands, and what the person may do. */
export function standingPage(the: Case, standing: Standing, may: Readonly<Record<Step, boolean>>): string {
  const { rule, id } = the
  const { unmet, state } = standing
  const lacks =
    unmet.length === 0 || state === 'promoted'
      ? ''
      : `<p>It cannot be promoted yet:</p><ul>${unmet.map((clause) => `<li>${escapeHtml(clause)}</li>`).join('')}</ul>`
  const fields = { from: rule.from, to: rule.to, model: id.model, version: id.version }
  const offered = buttons.filter(([step]) => may[step] && !(unmet.length > 0 && (step === 'ask' || step === 'approve')))
  const forms = offered.map(([step, text], index) => {
    const label = state === 'approved' && (step === 'ask' || step === 'approve') ? 'Complete' : text
    const button = `<button class="button${index === 0 ? '' : ' plain'}">${label}</button>`
    return `<form method="post" action="promote">${hidden({ action: step, ...fields })}${button}</form>`
  })
  const title = `${id.model} ${id.version}: from ${rule.from} to ${rule.to}`
  const actions = `<div class="actions">${forms.join('')}<a class="button plain" href="promote">Another one</a>${back}</div>`
  return plainPage(title, `${stateOf(the, standing)}${lacks}${demandsOf(rule)}${actions}`)
}
