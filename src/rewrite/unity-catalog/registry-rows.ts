import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'

const modelFields = [
  'name',
  'user_id',
  'description',
  'creation_timestamp',
  'last_updated_timestamp',
  'tags',
  'deployment_job_id',
]
const versionFields = [
  'name',
  'creation_timestamp',
  'last_updated_timestamp',
  'user_id',
  'description',
  'source',
  'run_id',
  'status',
  'status_message',
  'tags',
  'model_id',
  'model_params',
  'model_metrics',
]

function pick(row: JsonObject, fields: readonly string[]): JsonObject {
  return new Map([...row].filter(([key]) => fields.includes(key)))
}

/** A text, or a number's digits; '' for anything else. */
export function plainText(value: Json | undefined): string {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : ''
}

/** The aliases of a registered model with the versions that they point at, as Unity Catalog lists them. */
export function aliasesOf(model: JsonObject): readonly { readonly alias: string; readonly version: string }[] {
  return objectsIn(model.get('aliases')).flatMap((each) => {
    const alias = plainText(each.get('alias') ?? each.get('alias_name'))
    const version = plainText(each.get('version') ?? each.get('version_num'))
    return alias === '' || version === '' ? [] : [{ alias, version }]
  })
}

/** A registered model of Unity Catalog's as the open-source registry has it. */
export function openSourceModel(model: JsonObject): JsonObject {
  const aliases = aliasesOf(model).map(({ alias, version }): Json => new Map(Object.entries({ alias, version })))
  return pick(model, modelFields).set('aliases', aliases)
}

/** The same of a row of `/api/2.1/unity-catalog/models`, which has other names. */
export function listedModel(row: JsonObject): JsonObject {
  const model: JsonObject = new Map()
  const renamed = {
    name: 'full_name',
    user_id: 'owner',
    description: 'comment',
    creation_timestamp: 'created_at',
    last_updated_timestamp: 'updated_at',
  }
  for (const [name, theirs] of Object.entries(renamed)) {
    const value = row.get(theirs)
    if (value !== undefined) model.set(name, value)
  }
  return model
}

/** A version of Unity Catalog's as the open-source registry has it: in no stage, with every alias that `model` says points at it. */
export function openSourceVersion(version: JsonObject, model: JsonObject | null): JsonObject {
  const number = plainText(version.get('version'))
  const all = [...aliasesOf(version), ...(model === null ? [] : aliasesOf(model))]
  const aliases = [...new Set(all.filter((each) => each.version === number).map(({ alias }) => alias))]
  return pick(version, versionFields).set('version', number).set('current_stage', 'None').set('aliases', aliases)
}

const numeric = ['version_number', 'creation_timestamp', 'last_updated_timestamp']

function cell(row: JsonObject, key: string): string {
  return plainText(row.get(key === 'version_number' ? 'version' : key))
}

/** The rows in the order that a search asks for; null for a column that Unity Catalog's rows do not have. */
export function sortRows(rows: readonly JsonObject[], orderBy: readonly string[]): JsonObject[] | null {
  const columns = orderBy.map((text) => /^(\w+)(?:\s+(ASC|DESC))?$/i.exec(text.trim().replaceAll('`', '')))
  if (!columns.every((column) => column !== null && [...numeric, 'name', 'timestamp'].includes(column[1] ?? ''))) return null
  return [...rows].sort((a, b) => {
    for (const [, named = '', direction = 'ASC'] of columns.flatMap((column) => (column === null ? [] : [column]))) {
      const key = named === 'timestamp' ? 'last_updated_timestamp' : named
      const [one, other] = [cell(a, key), cell(b, key)]
      const order = numeric.includes(key) ? Number(one) - Number(other) : one < other ? -1 : Number(one > other)
      if (order !== 0) return direction.toUpperCase() === 'DESC' ? -order : order
    }
    return 0
  })
}
