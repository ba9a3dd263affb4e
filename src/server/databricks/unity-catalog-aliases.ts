import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { printJson } from '../../policy/messages/json/json-text.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { type SentCall, writeCatalogCall } from '../../rewrite/unity-catalog/registry-call.ts'
import { aliasesOf, plainText } from '../../rewrite/unity-catalog/registry-rows.ts'
import { mapAtOnce } from '../facts/map-at-once.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

type Send = (call: SentCall) => Promise<UpstreamAnswer>

/** Whether a call searches versions of models in Unity Catalog. */
export function searchesVersions({ method, target }: SentCall): boolean {
  return method === 'GET' && target.startsWith('/api/2.0/mlflow/unity-catalog/model-versions/search?')
}

async function modelOf(name: string, send: Send): Promise<JsonObject | null> {
  const answer = await send(writeCatalogCall('GET', 'registered-models/get', new Map([['name', name]])))
  const model = answer.status === 200 ? parseAnswer(answer).get('registered_model') : null
  return model instanceof Map ? model : null
}

/**
 * A page of versions with their aliases. Unity Catalog omits the aliases, and only they show which versions are in
 * production; versions of a model that cannot be looked up are left out.
 */
export async function withAliases(answer: UpstreamAnswer, send: Send): Promise<UpstreamAnswer> {
  if (answer.status !== 200) return answer
  const page = parseAnswer(answer)
  const rows = objectsIn(page.get('model_versions'))
  const names = [...new Set(rows.map((row) => plainText(row.get('name'))))]
  const models = new Map(await mapAtOnce(names, async (name) => [name, await modelOf(name, send)] as const))
  const marked = rows.flatMap((row): Json[] => {
    const model = models.get(plainText(row.get('name')))
    if (model == null) return []
    const aliases = aliasesOf(model).filter(({ version }) => version === plainText(row.get('version')))
    return [
      row.set(
        'aliases',
        aliases.map((each): Json => new Map(Object.entries(each))),
      ),
    ]
  })
  return { ...answer, text: printJson(page.set('model_versions', marked)) }
}
