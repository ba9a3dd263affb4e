import fc from 'fast-check'
import t from 'tap'
import { exportedPairs } from '../../src/policy/checks/traces/span-attributes.ts'
import { tagPairs } from '../../src/policy/checks/traces/trace-tags.ts'
import type { VersionFact } from '../../src/policy/fact-query.ts'
import type { Meaning } from '../../src/policy/meanings/meaning-table.ts'
import { placesMeaning, textMeaning, textsOf } from '../../src/policy/messages/message-fields.ts'
import { type Judged, judge } from '../fakes/fake-fact-source.ts'
import { type RandomCall, randomCall } from '../fixtures/random-tenancy.ts'
import { tryLaw } from '../harness/law.ts'

const seeds = fc.nat()
const isRead = ({ endpoint }: RandomCall) => endpoint.action === 'read' || endpoint.action === 'search'

function decideCall({ config, caller, administrator, endpoint, message, facts }: RandomCall): Judged {
  return judge(config, caller, { endpointName: endpoint.name, endpoint, message, administrator }, facts)
}

/** The texts in the fields of a meaning. */
function said({ endpoint, message }: Pick<RandomCall, 'endpoint' | 'message'>, ...meanings: Meaning[]): string[] {
  return placesMeaning(endpoint, message, ...meanings).flatMap(({ value }) => textsOf(value).filter((text) => text !== ''))
}

/** Whether a version makes what it is made of readable: it is promotable, or an own copy of something promotable. */
function opens(call: RandomCall, version: VersionFact, thing: string): boolean {
  const { caller, owners } = call
  const owner = owners.get(version.name)
  if (version.stage === 'Production' && !caller.production) return false
  if (owner === caller.name) return caller.promotesFrom.includes(owners.get(thing) ?? '')
  return owner !== undefined && caller.promotesFrom.includes(owner) && owners.has(thing)
}

function mayReadRun(call: RandomCall, id: string): boolean {
  if (call.owners.get(id) === call.caller.name) return true
  return call.facts.versions.some((version) => version.runId === id && opens(call, version, id))
}

function mayReadModel(call: RandomCall, id: string): boolean {
  if (call.owners.get(id) === call.caller.name) return true
  const model = call.facts.loggedModels.find((fact) => fact.id === id)
  if (model === undefined) return false
  if (call.facts.versions.some((version) => version.source.includes(id) && opens(call, version, id))) return true
  const run = call.facts.runs.find((fact) => fact.id === model.sourceRunId)
  return run?.experimentId === model.experimentId && call.facts.versions.some((v) => v.runId === run.id && opens(call, v, run.id))
}

/** A foreign trace is readable where its run is, and where that is in the same experiment. */
function mayReadTrace(call: RandomCall, id: string): boolean {
  const { owners, caller, facts } = call
  const trace = facts.traces?.find((fact) => fact.id === id)
  if (trace === undefined || owners.get(id) === caller.name) return trace !== undefined
  const run = facts.runs.find((fact) => fact.id === trace.sourceRunId)
  return run?.experimentId === trace.experimentId && facts.versions.some((v) => v.runId === run.id && opens(call, v, run.id))
}

/** Nobody's so far, or the caller's. */
function mayMake({ owners, caller, facts }: RandomCall, id: string): boolean {
  return owners.get(id) === caller.name || !facts.traces?.some((fact) => fact.id === id)
}

const idPattern = /(?:m-|tr-)?[0-9a-f]{32}/g

/** Every run and logged model that a text mentions exists and may be read; a trace is nobody's yet, or may be read. */
function mayMention(call: RandomCall, text: string): boolean {
  return (text.match(idPattern) ?? []).every((id) => {
    if (id.startsWith('tr-')) return mayMake(call, id) || mayReadTrace(call, id)
    return id.startsWith('m-') ? mayReadModel(call, id) : mayReadRun(call, id)
  })
}

function mayName(call: RandomCall, name: string, change: boolean): boolean {
  const { caller, owners } = call
  const owner = owners.get(name) ?? (/_(acc|preprod|prod)$/.test(name) ? name.replace(/.*_/, '') : caller.name)
  return owner === caller.name || (!change && caller.promotesFrom.includes(owner))
}

/** A promoter's one write to what is not theirs: a Staging version of a model they promote from goes to Production. */
function isPromotion(call: RandomCall, name: string): boolean {
  const { endpoint, message, facts, caller } = call
  const version = facts.versions.find((fact) => fact.name === name && fact.version === textMeaning(endpoint, message, 'version'))
  const stage = textMeaning(endpoint, message, 'stage')
  return (
    endpoint.action === 'transition' &&
    caller.production &&
    version?.stage === 'Staging' &&
    stage === 'Production' &&
    message.get('archive_existing_versions') !== true
  )
}

/** What an allowed request may have said: the first thing that it may not, or null. */
function offence(call: RandomCall): string | null {
  const { caller, owners } = call
  const own = (id: string) =>
    owners.get(id === '0' ? `${['acc', 'preprod', 'prod'].indexOf(caller.name) + 1}0` : id) === caller.name
  const read = isRead(call)
  const bad = (what: string, texts: readonly string[], isFine: (text: string) => boolean) => {
    const found = texts.find((text) => !isFine(text))
    return found === undefined ? null : `${what} ${found}`
  }
  const made = said(call, 'newTrace')
  const onlyFor = call.endpoint.administrators === true && !call.administrator
  return (
    bad('administration', onlyFor ? [call.endpoint.name] : [], () => false) ??
    bad('gateway', said(call, 'gatewayEndpoint', 'modelDefinition', 'gatewaySecret'), own) ??
    bad(
      'gateway name',
      said(call, 'gatewayEndpointName', 'modelDefinitionName', 'gatewaySecretName'),
      (name) => !name.includes('_') || name.endsWith(`_${caller.name}`),
    ) ??
    bad('experiment', said(call, 'experiment', 'experiments'), own) ??
    // A trace that is being made may be spoken of in the same request.
    bad('trace', said(call, 'trace'), (id) => own(id) || made.includes(id) || (read && mayReadTrace(call, id))) ??
    bad('new trace', said(call, 'newTrace'), (id) => mayMake(call, id)) ??
    bad('new issue', said(call, 'newIssue'), (id) => !owners.has(id) || own(id)) ??
    bad('assessed issue', said(call, 'relatedIssue'), (name) => !name.startsWith('iss-') || own(name)) ??
    bad('thing', said(call, 'dataset', 'issue', 'labelSchema', 'labelSchemas', 'reviewQueue'), own) ??
    bad('link', said(call, 'relatedTrace'), (text) => mayMention(call, text)) ??
    bad('run', said(call, 'run', 'runsToRead'), (id) => own(id) || (read && mayReadRun(call, id))) ??
    bad('logged model', said(call, 'loggedModel'), (id) => own(id) || (read && mayReadModel(call, id))) ??
    bad('mention', said(call, 'relatedRun', 'relatedModel', 'modelJson', 'tagsJson', 'versionSource', 'dataSource'), (text) =>
      mayMention(call, text),
    ) ??
    bad('prompt', said(call, 'relatedModelName'), (name) => mayName(call, name, false)) ??
    bad('model', said(call, 'modelName'), (name) => mayName(call, name, !read && !isPromotion(call, name))) ??
    bad('new model', said(call, 'newModelName'), (name) => mayName(call, name, true)) ??
    bad(
      'experiment name',
      said(call, 'experimentName', 'newExperimentName'),
      (name) => !name.includes('/experiments/') || name.includes(`/${caller.name}/`),
    ) ??
    bad(
      'copy of',
      said(call, 'versionSource'),
      (uri) => !/^models:\/\w+[/@]/.test(uri) || mayName(call, uri.replace(/^models:\/(\w+).*/, '$1'), false),
    ) ??
    bad(
      'place',
      said(call, 'storePath', 'storeFolder'),
      (path) => (read ? true : own(path.split('/')[0] ?? '')) && mayMention(call, path),
    ) ??
    bad('stage', said(call, 'stage'), (stage) => stage !== 'Production' || caller.production)
  )
}

/** Ids of experiments whose rows an answer may show, that it should not. */
function overexposed(call: RandomCall, { decision }: Judged): string[] {
  if (!('allow' in decision)) return []
  const { visibleExperiments, scope } = decision.allow.context
  const mentioned = JSON.stringify([
    ...said(
      call,
      'run',
      'runsToRead',
      'relatedRun',
      'loggedModel',
      'relatedModel',
      'runTag',
      'traceTag',
      'versionSource',
      'dataSource',
      'modelJson',
      'tagsJson',
      'dataSource',
      'storePath',
      'storeFolder',
    ),
    ...tagTexts(call),
  ])
  const behind = new Set(
    [...call.facts.runs, ...call.facts.loggedModels]
      .filter(({ id }) => mentioned.includes(id))
      .map(({ experimentId }) => experimentId),
  )
  const traces = new Set([...said(call, 'trace', 'tracesToSearch'), ...(mentioned.match(/tr-[0-9a-f]{32}/g) ?? [])])
  for (const { id, experimentId } of call.facts.traces ?? [])
    if (traces.has(id) && isRead(call) && mayReadTrace(call, id)) behind.add(experimentId)
  const search = call.endpoint.action === 'search'
  const ids = [...visibleExperiments].filter((id) => call.owners.get(id) !== call.caller.name && (search || !behind.has(id)))
  const foreignScope =
    scope !== call.caller &&
    !(isRead(call) && call.caller.promotesFrom.includes(scope.name)) &&
    call.endpoint.action !== 'transition'
  return foreignScope ? [...ids, scope.name] : ids
}

function tagTexts({ endpoint, message }: Pick<RandomCall, 'endpoint' | 'message'>): string[] {
  const ofLists = placesMeaning(endpoint, message, 'runTags', 'versionTags', 'loggedModelTags').flatMap(({ value }) =>
    (Array.isArray(value) ? value : []).flatMap((tag) => (tag instanceof Map ? textsOf(tag.get('value') ?? '') : [])),
  )
  const pairs = placesMeaning(endpoint, message, 'traceTags').flatMap(({ value }) => tagPairs(value))
  const key = textMeaning(endpoint, message, 'traceTagKey') ?? ''
  const ofTraces = [...pairs, ...said({ endpoint, message }, 'traceTag').map((text) => [key, text] as const)]
  // A key says of what kind its value is: in another it is any text.
  const isRead = (name: string, text: string) => (text.startsWith('tr-') ? /TraceId$/.test(name) : name === 'mlflow.sourceRun')
  const exported = exportedPairs({ endpoint, message })
  return [...ofLists, ...[...ofTraces, ...exported].flatMap(([name, text]) => (isRead(name, text) ? [text] : []))]
}

t.test('no grant crosses environments, whatever the facts and whatever is said', async (t) => {
  const counts = { allowed: 0, denied: 0, foreign: 0 }
  const law = tryLaw(
    fc.property(seeds, (seed) => {
      const call = randomCall(seed)
      const judged = decideCall(call)
      if ('deny' in judged.decision) {
        counts.denied += 1
        return
      }
      counts.allowed += 1
      if (judged.decision.allow.context.scope !== call.caller) counts.foreign += 1
      const problem = offence(call) ?? tagTexts(call).find((text) => !mayMention(call, text)) ?? null
      if (problem !== null) throw new Error(`${call.caller.name} was allowed ${call.endpoint.name}: ${problem}`)
      const shown = overexposed(call, judged)
      if (shown.length > 0) throw new Error(`${call.caller.name} would be shown ${shown} by ${call.endpoint.name}`)
    }),
    10_000,
  )
  t.equal(law, 'holds')
  t.ok(
    counts.allowed > 2000 && counts.denied > 2000 && counts.foreign > 0,
    `the law was put to the test: ${JSON.stringify(counts)}`,
  )
})

t.test('a caller without promotesFrom learns nothing of what is not theirs', async (t) => {
  /** The facts as they would be if everything of the other environments, and of nobody, were not there. */
  const withoutOthers = (call: RandomCall): RandomCall => {
    const mine = (id: string) => call.owners.get(id) === call.caller.name
    const { experiments, runs, loggedModels, traces = [], versions, gateway = [] } = call.facts
    const facts = {
      ...call.facts,
      experiments: experiments.filter(({ id }) => mine(id)),
      runs: runs.filter(({ id }) => mine(id)),
      loggedModels: loggedModels.filter(({ id }) => mine(id)),
      traces: traces.filter(({ id }) => mine(id)),
      versions: versions.filter(({ name }) => mine(name)),
      gateway: gateway.filter(({ id }) => mine(id)),
    }
    return { ...call, facts }
  }
  const counts = { allowed: 0, denied: 0 }
  const law = tryLaw(
    fc.property(seeds, (seed) => {
      const call = randomCall(seed)
      // Freezing and Production are there to be told: only what changes nothing is looked at.
      if (call.caller.promotesFrom.length > 0 || !['read', 'search', 'create'].includes(call.endpoint.action)) return
      // A trace may be pointed at before it is there: whether an id is another's can be told here, and only here.
      const isPointing = [...tagTexts(call), ...said(call, 'relatedTrace')].some(
        (text) => text.startsWith('tr-') && !mayMake(call, text),
      )
      if (isPointing) return
      const told = outcome(decideCall(call))
      // Also when it is made a part of: a logged model of a frozen run.
      if (told.startsWith('frozen ')) return
      counts[told.startsWith('allow') ? 'allowed' : 'denied'] += 1
      const alone = outcome(decideCall(withoutOthers(call)))
      if (told !== alone)
        throw new Error(`${call.endpoint.name} of ${call.caller.name}: ${told}, but ${alone} in a facts of their own`)
    }),
    10_000,
  )
  t.ok(counts.allowed > 1000 && counts.denied > 300, `the law was put to the test: ${JSON.stringify(counts)}`)
  t.equal(law, 'holds')
})

/** Everything that the caller could tell from a decision. */
function outcome({ decision }: Judged): string {
  if ('deny' in decision) return `${decision.deny.reason} ${decision.deny.message}`
  return `allow ${[...decision.allow.context.visibleExperiments].sort()}`
}
