import type { AuditLine } from '../../server/observability/audit-fields.ts'

/** A person's name, or else an id: for people. */
export function showWho({ userName, applicationId, objectId, kind }: AuditLine): string {
  if (userName !== null) return userName
  const id = kind === 'application' ? (applicationId ?? objectId) : objectId
  return id ?? 'nobody'
}

const showTime = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')

function done({ decision, status }: AuditLine): boolean {
  return decision === 'allow' && status !== null && status < 400
}

/** The model that a line is about: its first one. */
function modelOf({ references }: AuditLine): AuditLine['references'][number] | undefined {
  return references.find(({ kind }) => kind === 'model')
}

/** What changed in the registry; null: nothing that a history has. `aliases`: where they pointed before. */
function eventOf(line: AuditLine, aliases: Map<string, string>): string | null {
  const { action, method, details } = line
  const { version } = modelOf(line) ?? {}
  const { fromStage, toStage, archivesOthers, alias, newName } = details ?? {}
  const others = archivesOthers ? ', and archived the others there' : ''
  if (action === 'transition' && toStage !== undefined) return `version ${version}: ${fromStage ?? '?'} -> ${toStage}${others}`
  if (action === 'create' && version !== undefined)
    return `version ${version}: registered${toStage === undefined ? '' : ` in ${toStage}`}`
  if (action === 'delete') return version === undefined ? 'deleted' : `version ${version}: deleted`
  if (action !== 'update') return null
  if (newName !== undefined) return `renamed to ${newName}`
  if (alias === undefined) return null
  const before = aliases.get(alias)
  if (method === 'DELETE') aliases.delete(alias)
  else if (version !== undefined) aliases.set(alias, version)
  const was = before === undefined ? '' : ` (before: version ${before})`
  return method === 'DELETE' ? `alias ${alias}: removed${was}` : `alias ${alias}: version ${version}${was}`
}

interface History {
  readonly rows: string[]
  readonly aliases: Map<string, string>
}

/** The histories of the models in these lines: who moved which version or alias, from where to where, and when. */
function histories(lines: readonly AuditLine[]): string[] {
  const known = new Map<string, History>()
  for (const line of lines) {
    const model = modelOf(line)
    if (model === undefined || !done(line)) continue
    const name = model.upstream ?? model.logical
    const history: History = known.get(name) ?? { rows: [], aliases: new Map() }
    known.set(name, history)
    const event = eventOf(line, history.aliases)
    if (event !== null) history.rows.push(`  ${showTime(line.time)}  ${event}  by ${showWho(line)} in ${line.environment}`)
  }
  return [...known].flatMap(([name, { rows }]) => (rows.length === 0 ? [] : ['', `History of ${name}`, ...rows]))
}

function showTarget({ references, details, endpoint }: AuditLine): string {
  const named = references.map(({ kind, logical, version }) => `${kind} ${logical}${version === undefined ? '' : ` ${version}`}`)
  const more = details?.toStage ?? details?.alias ?? details?.tagKey ?? details?.path
  return [endpoint, ...named.slice(0, 2), ...(more === undefined ? [] : [`to ${more}`])].join(', ')
}

/** Who was refused what, by reason, the most frequent first. */
function refusals(lines: readonly AuditLine[]): string[] {
  const refused = lines.filter(({ decision }) => decision === 'deny')
  const groups = Map.groupBy(refused, (line) => `${line.reason}\0${showWho(line)}\0${showTarget(line)}`)
  const rows = [...groups.values()].sort((a, b) => b.length - a.length)
  const shown = rows.slice(0, 100).flatMap((group) => {
    const last = group.at(-1)
    if (last === undefined) return []
    return [
      `  ${String(group.length).padStart(5)}  ${last.reason}  ${showWho(last)}: ${showTarget(last)}, last at ${showTime(last.time)}`,
    ]
  })
  if (shown.length === 0) return []
  const left = rows.length - shown.length
  return ['', `Refused: ${refused.length}`, ...shown, ...(left > 0 ? [`  and ${left} more kinds; narrow the filter`] : [])]
}

/** What these lines say, for people. */
export function describeAudit(found: readonly AuditLine[]): string {
  const lines = found.toSorted((a, b) => a.time - b.time)
  const [first, last] = [lines[0], lines.at(-1)]
  if (first === undefined || last === undefined) return 'No such requests.\n'
  const callers = new Set(lines.map(({ tenantId, objectId }) => `${tenantId} ${objectId}`)).size
  const head = `${lines.length} requests of ${callers} callers, ${showTime(first.time)} to ${showTime(last.time)}`
  return `${[head, ...histories(lines), ...refusals(lines)].join('\n')}\n`
}
