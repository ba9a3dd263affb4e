import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { columns, environmentRow, type Row } from './environment-box.ts'
import { element, label } from './svg.ts'

const between = 28

/** From an environment to one that its versions are promoted to: each arrow in a lane of its own, as far as there is room. */
function arrow(from: Row, to: Row, index: number): string {
  const right = columns.box + columns.boxWidth
  const lane = right + 22 + (index % 5) * 11
  // Several that end at one box end side by side.
  const [start, end] = [from.middle + 8 + (index % 5) * 8, to.middle - 8 - (index % 5) * 8]
  const turn = end > start ? 8 : -8
  const path = `M${right} ${start}H${lane - 8}Q${lane} ${start} ${lane} ${start + turn}V${end - turn}Q${lane} ${end} ${lane - 8} ${end}H${right + 8}`
  const said = element('title', {}, `versions of ${from.name} may be promoted to ${to.name}`)
  return element('path', { class: 'arrow', d: path, 'marker-end': 'url(#tip)' }, said)
}

/** The environments, who may do what in them, and how versions go from one to another. */
export function environmentsPicture(config: PolicyConfig): string {
  const rows: Row[] = []
  let top = 34
  for (const environment of config.environments) {
    const row = environmentRow(config, environment, top)
    rows.push(row)
    top += row.height + between
  }
  const ways = config.environments.flatMap(({ name, promotesFrom }) => promotesFrom.map((from) => ({ from, to: name })))
  const find = (name: string) => rows.find((row) => row.name === name)
  const arrows = ways.map(({ from, to }, index) => {
    const [start, end] = [find(from), find(to)]
    return start === undefined || end === undefined ? '' : arrow(start, end, index)
  })
  const heads = [
    ['Groups', columns.groups + 1],
    ['Environments', columns.box],
    ['Stages', columns.stages],
  ] as const
  const tip = { id: 'tip', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto' }
  const content = [
    element('defs', {}, element('marker', tip, element('path', { class: 'tip', d: 'M0 0L8 4L0 8z' }))),
    ...heads.map(([text, x]) => label(text, 20, { class: 'head', x, y: 16 })),
    ...rows.map(({ svg }) => svg),
    ...arrows,
  ].join('')
  const names = rows.map(({ name }) => name).join(', ')
  const attributes = { viewBox: `0 0 ${columns.width} ${top - between + 8}`, role: 'img', 'aria-label': `Environments: ${names}` }
  return `<div class="picture">${element('svg', attributes, content)}</div>`
}
