import { type Environment, type PolicyConfig, stages, usesCatalog } from '../../policy/environments/environment.ts'
import { element, label } from './svg.ts'

/** What the picture is laid out by, in its own units. */
export const columns = { groups: 0, groupWidth: 292, box: 412, boxWidth: 300, stages: 800, width: 1040 } as const
const [pill, gap] = [30, 8]

/** A group, and what its members may do in an environment. */
interface Member {
  readonly group: string
  readonly may: string
}

const shown = 12

function membersOf({ groups, readers = [], administrators = [] }: Environment): Member[] {
  const as = (may: string) => (group: string) => ({ group, may })
  const all = [...groups.map(as('reads, writes')), ...administrators.map(as('administers')), ...readers.map(as('reads'))]
  if (all.length <= shown) return all
  return [...all.slice(0, shown), { group: `and ${all.length - shown} more`, may: '' }]
}

/** What new versions of models get, and where they may go. */
function stageLines(config: PolicyConfig, environment: Environment): readonly [title: string, text: string][] {
  if (usesCatalog(config)) return [['New versions get the alias', environment.registrationAlias ?? 'none']]
  const open = stages.filter((stage) => stage !== 'Production' || environment.production)
  return [
    ['New versions go to', environment.registrationStage ?? 'None'],
    ['Stages that may be used', open.join(', ')],
  ]
}

function modelName({ unityCatalogSchema, modelSuffix }: Environment): string {
  return unityCatalogSchema === undefined ? `fraud${modelSuffix}` : `${unityCatalogSchema}.fraud`
}

function groupPill({ group, may }: Member, top: number): string {
  const middle = top + pill / 2
  const right = columns.groups + columns.groupWidth
  return [
    element('rect', { class: 'pill', x: columns.groups + 1, y: top, width: columns.groupWidth, height: pill, rx: 15 }),
    label(group, 38, { x: columns.groups + 16, y: middle + 4 }),
    element('path', { class: 'line', d: `M${right + 1} ${middle}H${columns.box - 16}` }),
    label(may, 14, { class: 'soft', x: right + 8, y: middle - 5 }),
  ].join('')
}

function marks({ production, enforcement }: Environment, top: number): string {
  const texts = [...(production ? ['PRODUCTION'] : []), ...(enforcement === 'shadow' ? ['SHADOW'] : [])]
  let right = columns.box + columns.boxWidth - 12
  return texts
    .map((text) => {
      const width = text.length * 8 + 16
      right -= width + 6
      const box = { class: text.toLowerCase(), x: right + 6, y: top + 12, width, height: 20, rx: 10 }
      return element('rect', box) + label(text, 12, { class: 'mark', x: right + 6 + width / 2, y: top + 26 })
    })
    .join('')
}

/** A part of the picture: an environment with its groups and stages. */
export interface Row {
  readonly name: string
  readonly svg: string
  readonly height: number
  /** Where arrows begin and end. */
  readonly middle: number
}

/** An environment that begins at `top`. */
export function environmentRow(config: PolicyConfig, environment: Environment, top: number): Row {
  const members = membersOf(environment)
  const height = Math.max(104, members.length * (pill + gap) - gap)
  const middle = top + height / 2
  const first = middle - (members.length * (pill + gap) - gap) / 2
  const centres = members.map((_, index) => first + index * (pill + gap) + pill / 2)
  const bus = columns.box - 16
  const ends = [middle, ...centres]
  const left = columns.box + 16
  const edge = environment.production ? 'box live' : 'box'
  const svg = [
    ...members.map((member, index) => groupPill(member, first + index * (pill + gap))),
    element('path', { class: 'line', d: `M${bus} ${Math.min(...ends)}V${Math.max(...ends)}M${bus} ${middle}H${columns.box}` }),
    element('rect', { class: edge, x: columns.box, y: top, width: columns.boxWidth, height, rx: 8 }),
    label(environment.name, 20, { class: 'name', x: left, y: middle - 26 }),
    marks(environment, middle - 52),
    label('the model “fraud” is', 40, { class: 'soft', x: left, y: middle - 9 }),
    label(modelName(environment), 38, { x: left, y: middle + 7 }),
    label('experiments are in', 40, { class: 'soft', x: left, y: middle + 24 }),
    label(environment.experimentRoot, 38, { x: left, y: middle + 40 }),
    ...stageLines(config, environment).flatMap(([title, text], index) => [
      label(title, 34, { class: 'soft', x: columns.stages, y: middle - 22 + index * 42 }),
      label(text, 38, { x: columns.stages, y: middle - 4 + index * 42 }),
    ]),
  ].join('')
  return { name: environment.name, svg, height, middle }
}
