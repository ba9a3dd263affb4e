import { copiedFields } from '../../policy/messages/copied-rows.ts'
import type { Field } from '../../policy/messages/field.ts'
import type { SkimPattern } from '../../policy/messages/json/copied-lists.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { copiedTexts, listPattern, memberPattern, objectPattern, valuePattern } from '../../policy/messages/row-pattern.ts'
import { planOf } from './answer-plan.ts'

/** Rows in a list of a skimmed row, so that finding it ends soon. */
const mostRows = 200

/** Messages in rows that come by the hundred, with their fields in the order in which MLflow writes them. */
const skimmed: Readonly<Record<string, readonly string[]>> = {
  'mlflow.Run': ['info', 'data', 'inputs', 'outputs'],
  'mlflow.RunInfo': [
    ...['run_uuid', 'experiment_id', 'run_name', 'user_id', 'status', 'start_time', 'end_time', 'artifact_uri'],
    ...['lifecycle_stage', 'run_id'],
  ],
  'mlflow.RunData': ['metrics', 'params', 'tags'],
  'mlflow.RunTag': ['key', 'value'],
  'mlflow.RunInputs': ['dataset_inputs', 'model_inputs'],
  'mlflow.DatasetInput': ['tags', 'dataset'],
  'mlflow.InputTag': ['key', 'value'],
  'mlflow.Dataset': ['name', 'digest', 'source_type', 'source', 'schema', 'profile'],
  'mlflow.ModelInput': ['model_id'],
  'mlflow.RunOutputs': ['model_outputs'],
  'mlflow.ModelOutput': ['model_id', 'step'],
}

/** A part of a row: its pattern, the members in it that are read, and its levels of brackets. */
interface Part {
  readonly source: string
  readonly paths: readonly (readonly string[])[]
  readonly levels: number
}

/** Ends the group before a value that is read, and begins the one behind it. */
const read = (value: string) => `)(${value})(`
const isPlain = (message: string) => !planOf(message).isOwned && !planOf(message).isRenamed

/** The value of a field; undefined where it has to be read in a way that is not known here. */
function valuePart(message: string, name: string, field: Field, path: readonly string[]): Part | undefined {
  const meaning = planOf(message).meaningOf(name)
  const { type, repeated, map, message: inner = '' } = field
  if (map) return undefined
  const rows = repeated ? rowsPart(inner) : undefined
  if (meaning === 'tags' && rows !== undefined) return { ...rows, source: read(rows.source), paths: [path] }
  // Nobody compares what an enum says.
  const source = type === 'enum' && !repeated ? copiedTexts.answer : valuePattern(field, copiedTexts.answer)
  if (meaning !== null)
    return type === 'string' && source !== undefined ? { source: read(source), paths: [path], levels: 0 } : undefined
  if (type === 'message') return repeated ? rows : objectPart(inner, path)
  return source === undefined ? undefined : { source, paths: [], levels: 0 }
}

function rowsPart(message: string): Part | undefined {
  if (!isPlain(message)) return undefined
  const row = objectPart(message, [])
  return row && { source: listPattern(row.source, mostRows), paths: [], levels: row.levels + 1 }
}

/** A member that is read is in every row that is skimmed, as is what holds it. */
function objectPart(message: string, path: readonly string[]): Part | undefined {
  const { fields } = shapeOf(message)
  const members = (skimmed[message] ?? copiedFields(message))?.map((name) => {
    const field = fields.get(name)
    const part = field && valuePart(message, name, field, [...path, name])
    if (part === undefined) throw new Error(`${name} of ${message} cannot be skimmed`)
    const member = memberPattern(name, part.source)
    return { ...part, source: part.paths.length > 0 ? member : `(?:${member})?` }
  })
  if (members === undefined) return undefined
  const { inside, stage } = planOf(message).declaration
  if (inside !== undefined || stage !== undefined) throw new Error(`${message} has rules that look into more of it`)
  return {
    source: objectPattern(members.map(({ source }) => source)),
    paths: members.flatMap(({ paths }) => paths),
    levels: 1 + Math.max(...members.map(({ levels }) => levels)),
  }
}

/** The pattern of rows of a message that may be skimmed; undefined where they are always read. */
export function skimPattern(message: string): SkimPattern | undefined {
  const part = objectPart(message, [])
  return part && { pattern: new RegExp(`(${part.source})`, 'y'), paths: part.paths, levels: part.levels }
}
