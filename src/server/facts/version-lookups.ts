import type { VersionFact } from '../../policy/fact-query.ts'
import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { readings } from '../../policy/names/look-alikes.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { readFound, readVersion } from './look-up-answers.ts'

const api = '/api/2.0/mlflow'

/** Look-ups of versions of registered models. Nothing is cached here. */
export class VersionLookups {
  readonly #upstream: Upstream
  readonly #caller: CallerCredentials

  constructor(upstream: Upstream, caller: CallerCredentials) {
    this.#upstream = upstream
    this.#caller = caller
  }

  version(name: string, version: string): Promise<VersionFact | null> {
    return this.#one(`${api}/model-versions/get`, { name, version })
  }

  alias(name: string, alias: string): Promise<VersionFact | null> {
    return this.#one(`${api}/registered-models/alias`, { name, alias })
  }

  async #one(path: string, query: Readonly<Record<string, string>>): Promise<VersionFact | null> {
    const found = readFound(await this.#upstream.lookUp(path, query, this.#caller))
    return found === null ? null : readVersion(found.get('model_version'))
  }

  async artifactsOf(query: { readonly name: string; readonly version: string }): Promise<string | null> {
    const found = readFound(await this.#upstream.lookUp(`${api}/model-versions/get-download-uri`, query, this.#caller))
    const uri = found?.get('artifact_uri')
    return typeof uri === 'string' && uri !== '' ? uri : null
  }

  /** By run id, and by a source inside the run. */
  async ofRun(runId: string): Promise<readonly VersionFact[]> {
    const [byRun, bySource] = await Promise.all([
      this.search('run_id', '=', runId),
      this.search('source_path', 'LIKE', `%/${runId}/%`),
    ])
    return [...byRun, ...bySource]
  }

  async inProduction(suffixes: readonly string[]): Promise<readonly VersionFact[]> {
    const all = await this.search('name', 'LIKE', '%')
    // A database may treat another spelling as the suffix.
    const ends = (name: string) => suffixes.some((suffix) => readings(name).some((text) => text.endsWith(suffix.toLowerCase())))
    return all.filter(({ name, stage }) => stage === 'Production' || ends(name))
  }

  /** Without a registry there are no versions. */
  async #page(query: Readonly<Record<string, string>>): Promise<JsonObject | null> {
    try {
      return readFound(await this.#upstream.lookUp(`${api}/model-versions/search`, query, this.#caller))
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'registry-absent') return null
      throw error
    }
  }

  async search(key: string, comparator: '=' | 'LIKE', value: string): Promise<readonly VersionFact[]> {
    const filter = printFilter([attributeClause(key, comparator, { kind: 'string', text: value })])
    const versions: VersionFact[] = []
    let token = ''
    do {
      const query = { filter, max_results: '1000', ...(token === '' ? {} : { page_token: token }) }
      const found = await this.#page(query)
      const rows = found?.get('model_versions')
      for (const row of Array.isArray(rows) ? rows : []) versions.push(readVersion(row))
      const next = found?.get('next_page_token')
      token = typeof next === 'string' ? next : ''
    } while (token !== '')
    return versions
  }
}
