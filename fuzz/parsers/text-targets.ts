import { type Clause, parseFilter, printFilter } from '../../src/policy/filter/filter-string.ts'
import { matchesLike } from '../../src/policy/filter/like.ts'
import { parseOrderBy, printOrderBy } from '../../src/policy/filter/order-by.ts'
import { renameInScorer } from '../../src/policy/genai/scorer-text.ts'
import { escapeSegment, unescapeSegment } from '../../src/policy/locations/artifact-place.ts'
import { clientDatabricksLocation, upstreamDatabricksLocation } from '../../src/policy/locations/databricks-location.ts'
import { resolveLocalPath } from '../../src/policy/locations/local-path.ts'
import { readSourcePrefix } from '../../src/policy/locations/source-prefix.ts'
import { canonicalPath, placeOf } from '../../src/policy/locations/store-path.ts'
import { parseQuery, printQuery } from '../../src/policy/messages/query-text.ts'
import { resemblesExperimentId, resemblesHexId, resemblesVersion } from '../../src/policy/names/ids.ts'
import { parseModelUri, renameModelUri, renamePatternOfModelUris } from '../../src/policy/names/model-uri.ts'
import type { Target } from './guided.ts'
import { equal, read } from './properties.ts'

const meaningOf = ({ entity, key, comparator, value }: Clause): string => JSON.stringify([entity, key, comparator, value])

const filter: Target = {
  name: 'filter',
  seeds: [
    'name = \'a\' AND tags.`my key` ILIKE "%x_" and metrics.loss > -1.5e-3 AND run_id NOT IN (\'a\', "b")',
    "attributes.start_time >= 007 AND params.'k' IS NOT NULL",
    "name LIKE 'it''s'",
  ],
  words: [
    "'",
    '"',
    '`',
    ' AND ',
    ' LIKE ',
    ' ILIKE ',
    ' RLIKE ',
    ' IN (',
    ' NOT IN (',
    ' IS NULL',
    'tags.',
    'metrics.',
    'name',
    '!=',
  ],
  check: (input) => {
    const text = input.toString('utf8')
    const clauses = read(() => parseFilter(text))
    const printed = clauses === undefined ? undefined : read(() => printFilter(clauses))
    if (printed === undefined || clauses === undefined) return
    const again = parseFilter(printed)
    equal(again.map(meaningOf).join(), clauses.map(meaningOf).join(), 'what is printed means something else')
    equal(printFilter(again), printed, 'printing twice changes it')
  },
}

const orderBy: Target = {
  name: 'order-by',
  seeds: ['metrics.`my loss` DESC', 'name', 'attributes.start_time asc', "tags.'x y' DESC", '"params.a" ASC'],
  words: ['metrics.', 'tags.', ' DESC', ' ASC', '`', '"', "'"],
  check: (input) => {
    const order = read(() => parseOrderBy(input.toString('utf8')))
    const printed = order === undefined ? undefined : read(() => printOrderBy(order))
    if (printed === undefined || order === undefined) return
    const again = parseOrderBy(printed)
    const meaning = ({ entity, key, direction }: typeof again) => JSON.stringify([entity, key, direction])
    equal(meaning(again), meaning(order), 'what is printed means something else')
    equal(printOrderBy(again), printed, 'printing twice changes it')
  },
}

const query: Target = {
  name: 'query',
  seeds: ['run_id=0123&max_results=1', 'a=%C3%A9+b&c', 'a=%2526&__proto__=x'],
  check: (input) => {
    const text = input.toString('latin1')
    const pairs = read(() => parseQuery(text))
    if (pairs === undefined) return
    equal(
      JSON.stringify(pairs.filter(([key, value]) => key !== '' || value !== '')),
      // With the sign before it, because a browser would remove a first question mark.
      JSON.stringify([...new URLSearchParams(`&${text}`)]),
      'reads other pairs than a browser',
    )
    equal(JSON.stringify(parseQuery(printQuery(pairs))), JSON.stringify(pairs), 'printing and reading it again changes it')
  },
}

/** Decoded until it no longer changes, byte by byte, as in MLflow. */
function decodedWhole(text: string): string {
  let bytes = Buffer.from(text)
  for (;;) {
    const next = Buffer.from(
      bytes.toString('latin1').replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    )
    const said = Buffer.from(next.toString('utf8'))
    if (said.equals(bytes)) return said.toString('utf8')
    bytes = said
  }
}

const path: Target = {
  name: 'path',
  seeds: [
    `1/${'0'.repeat(32)}/artifacts/model/MLmodel`,
    `1/models/m-${'0'.repeat(32)}/artifacts/a%20b`,
    '%2531/%2e',
    'loss%step%12%timestamp%17',
  ],
  words: ['%25', '%2e', '%2f', '..', '/', '%10', '%c0%af'],
  check: (input) => {
    const text = input.toString('utf8')
    const plain = read(() => canonicalPath(text))
    if (plain === undefined) return
    equal(canonicalPath(plain), plain, 'a canonical path has another canonical path')
    const whole = decodedWhole(text).replace(/[\u0010-\u0019]/g, (control) => `%${control.charCodeAt(0).toString(16)}`)
    equal(plain, whole.replace(/\/$/, ''), 'is not what MLflow opens')
    equal(/(?:^|\/)\.\.?(?:\/|$)/.test(whole), false, 'leads out of its folder')
    placeOf(plain)
  },
}

const uris: Target = {
  name: 'uris',
  seeds: [
    'models:/fraud/3',
    `models:/m-${'0'.repeat(32)}/x`,
    'models:/fraud@champion',
    `dbfs:/databricks/mlflow-tracking/1/${'0'.repeat(32)}/artifacts/`,
    'mlflow-artifacts:/elsewhere/x',
    'file:///a/../b',
    's3://bucket/models/',
    '{"instructions_judge_pydantic_data":{"model":"gateway:/chat"}}',
  ],
  check: (input) => {
    const text = input.toString('utf8')
    const model = parseModelUri(text)
    const rebuilt = model?.kind === 'registered' ? `models:/${model.name}${model.selector}` : text
    equal(rebuilt, text, 'a models:/ URI is not its parts')
    equal(renameModelUri(text, (name) => name) ?? text, text, 'renaming to the same name changes it')
    renamePatternOfModelUris(text, (name) => `${name}_acc`)
    const upstream = upstreamDatabricksLocation(text)
    if (upstream !== null && /^mlflow-artifacts:/.test(text))
      equal(clientDatabricksLocation(upstream), text, 'a location does not come back')
    const client = clientDatabricksLocation(text)
    if (/^dbfs:/i.test(text)) equal(/^dbfs:/i.test(client), false, 'a client gets a location that leads around the proxy')
    // From bytes, so that it contains no half of a surrogate pair.
    if (text !== '') equal(unescapeSegment(escapeSegment(text)), text, 'a segment does not come back')
    equal(resolveLocalPath(resolveLocalPath(text)), resolveLocalPath(text), 'a resolved path has another resolved path')
    readSourcePrefix(text)
    renameInScorer(text, (name) => `${name}_acc`)
  },
}

const ids: Target = {
  name: 'ids',
  seeds: ['12', ' 1', '\u{ff11}', '0_2', `m-${'0'.repeat(32)}`, '2.0', '%', 'a%b_c'],
  check: (input) => {
    const text = input.toString('utf8')
    resemblesExperimentId(text)
    resemblesVersion(text)
    resemblesHexId(text)
    const half = text.length >> 1
    matchesLike(text.slice(0, half), text.slice(half))
    if (!/[%_\\]/.test(text)) equal(matchesLike(text, text), true, 'a text is not like itself')
  },
}

/** Parsers whose input is only a text. */
export const textTargets: readonly Target[] = [filter, orderBy, query, path, uris, ids]
