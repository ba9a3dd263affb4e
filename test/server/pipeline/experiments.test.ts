import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { type FakeUpstream, reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startInProcess } from '../../harness/app.ts'

interface Tag {
  readonly key: string
  readonly value: string
}

interface Experiment {
  readonly experiment_id: string
  name: string
  lifecycle_stage: string
  tags: Tag[]
}

const base = '/api/2.0/mlflow/experiments'
const issuer = await startIssuer()
t.teardown(() => issuer.close())
const tokens = { acc: await issuer.token({ roles: ['apps_acc'] }), prod: await issuer.token({ roles: ['apps_prod'] }) }

/** An MLflow that keeps experiments, and notes which tags new ones came with. */
class Experiments {
  readonly all: Experiment[] = []
  /** Whether ids are those of Git folders. */
  hex = false
  tagsRefused = false

  add(name: string, tags: Tag[] = []): Experiment {
    const number = this.all.length + 1
    const experiment_id = this.hex ? `${number}`.padStart(32, 'a0') : `${number}`
    const made = { experiment_id, name, lifecycle_stage: 'active', tags }
    this.all.push(made)
    return made
  }

  named(name: string | null): Experiment | undefined {
    return this.all.find((each) => each.name === name)
  }

  answer(path: string, fields: Record<string, string & Tag[]>): [status: number, body: object] {
    const absent: [number, object] = [404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such experiment' }]
    const found =
      this.all.find((each) => each.experiment_id === fields.experiment_id) ?? this.named(fields.experiment_name ?? null)
    if (path === `${base}/create`) {
      const { name = '', tags = [] } = fields
      if (this.named(name) !== undefined)
        return [400, { error_code: 'RESOURCE_ALREADY_EXISTS', message: `Experiment '${name}' already exists.` }]
      return [200, { experiment_id: this.add(name, tags).experiment_id }]
    }
    if (path === `${base}/search`) return [200, { experiments: this.all }]
    if (path.endsWith('/runs/create'))
      return [200, { run: { info: { run_id: 'f'.repeat(32), experiment_id: fields.experiment_id }, data: {} } }]
    if (found === undefined) return absent
    if (path === `${base}/get` || path === `${base}/get-by-name`) return [200, { experiment: found }]
    if (path === `${base}/update`) found.name = fields.new_name ?? found.name
    if (path === `${base}/delete`) found.lifecycle_stage = 'deleted'
    if (path === `${base}/set-experiment-tag`) {
      if (this.tagsRefused) return [400, { error_code: 'BAD_REQUEST', message: 'no tags today' }]
      const { key = '', value = '' } = fields
      found.tags = [...found.tags.filter((tag) => tag.key !== key), { key, value }]
    }
    return [200, {}]
  }
}

async function fieldsOf(request: IncomingMessage): Promise<Record<string, string & Tag[]>> {
  const query = Object.fromEntries(new URL(request.url ?? '', 'http://x').searchParams)
  return JSON.parse(JSON.stringify(request.method === 'GET' ? query : await json(request)))
}

async function prepare(t: Test, kind: 'mlflow' | 'databricks') {
  const experiments = new Experiments()
  const upstream: FakeUpstream = await startFakeUpstream()
  upstream.knowledge.clear()
  upstream.answer = (request, response) =>
    void fieldsOf(request).then((fields) =>
      reply(...experiments.answer(request.url?.split('?')[0] ?? '', fields))(request, response),
    )
  const { tenantId, audience, authority } = issuer
  const app = await startInProcess({
    upstream: { url: upstream.url, kind, credentials: { mode: 'none' } },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments: { acc: {}, prod: { production: true } },
  })
  t.teardown(() => app.close())
  t.teardown(() => upstream.close())
  const call = async (path: string, body?: object, who: 'acc' | 'prod' = 'acc') => {
    const headers = { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' }
    const asked = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${app.url}${path.startsWith('/') ? path : `${base}/${path}`}`, asked)
    return { status: answer.status, body: await answer.json() }
  }
  const byName = async (name: string) => (await call(`get-by-name?experiment_name=${encodeURIComponent(name)}`)).body.experiment
  const byId = async (id: string) => (await call(`get?experiment_id=${id}`)).body.experiment
  const writes = () => upstream.received.filter(({ method }) => method !== 'GET').map(({ url }) => url)
  return { experiments, call, byName, byId, writes }
}

const kinds = ['mlflow', 'databricks'] as const

for (const kind of kinds) {
  t.test(`${kind}: a name comes back as it was written, with its slash or without`, async (t) => {
    const { experiments, call, byName, byId } = await prepare(t, kind)
    const names = ['/Users/x@y.z/nb', '/Shared/churn', '/plain', 'churn', 'team/fraud']
    for (const name of names) {
      const { body } = await call('create', { name, tags: [{ key: 'team', value: 'a' }] })
      t.equal((await byName(name)).name, name)
      const experiment = await byId(body.experiment_id)
      t.same([experiment.name, experiment.tags], [name, [{ key: 'team', value: 'a' }]], 'and without the note of it')
      const other = name.startsWith('/') ? name.slice(1) : `/${name}`
      t.equal((await byName(other)).name, other, 'who asks for it otherwise means the same, and gets it so')
      t.equal((await byName(other)).experiment_id, body.experiment_id)
      const qualified = `/experiments/acc/${name.replace(/^\//, '')}`
      t.equal((await byName(qualified)).name, name, 'the qualified name says nothing of it')
    }
    const { body } = await call('search', { max_results: 100 })
    t.same(body.experiments.map(({ name }: Experiment) => name).sort(), [...names, 'Default'].sort())
    t.same((await call('create', { name: 'Shared/churn' })).body.error_code, 'RESOURCE_ALREADY_EXISTS')
    const old = experiments.add('/experiments/acc/Shared/old')
    t.equal((await byId(old.experiment_id)).name, 'Shared/old', 'one that was made without the proxy')
    t.equal((await byName('/Shared/old')).name, '/Shared/old')
  })

  t.test(`${kind}: a rename is noted as it was written`, async (t) => {
    const { experiments, call, byId } = await prepare(t, kind)
    const id = (await call('create', { name: 'a' })).body.experiment_id
    for (const new_name of ['/Shared/a', 'b', '/b', '/Shared/e\u0301']) {
      t.equal((await call('update', { experiment_id: id, new_name })).status, 200)
      t.equal((await byId(id)).name, new_name.normalize('NFC'))
    }
    experiments.tagsRefused = true
    t.equal((await call('update', { experiment_id: id, new_name: 'c' })).status, 400, 'it may be sent again')
    experiments.tagsRefused = false
    t.equal((await call('update', { experiment_id: id, new_name: 'c' })).status, 200)
    t.equal((await byId(id)).name, 'c')
  })

  t.test(`${kind}: a notebook's second session lands in the experiment of its first, in each environment`, async (t) => {
    const { experiments, call } = await prepare(t, kind)
    const source = { key: 'mlflow.experiment.sourceId', value: '1234' }
    const tags = {
      'a notebook': [source],
      'a Git folder': [{ key: 'mlflow.experiment.sourceType', value: 'REPO_NOTEBOOK' }, source],
      'a job': [
        { key: 'mlflow.databricks.jobTypeInfo', value: 'NORMAL' },
        { key: 'mlflow.experiment.sourceType', value: 'JOB' },
        source,
      ],
    }
    for (const [what, said] of Object.entries(tags)) {
      const name = what === 'a job' ? 'jobs:/1234' : `/Repos/x@y.z/${what}`
      const ids = new Set<string>()
      for (const who of ['acc', 'prod'] as const) {
        const first = await call('create', { name, tags: said }, who)
        const second = await call('create', { name, tags: said }, who)
        t.same([first.status, second], [200, first], `${what} in ${who}`)
        ids.add(first.body.experiment_id)
      }
      t.equal(ids.size, 2, 'one for each environment')
      const kept = experiments.named(`/experiments/acc/${name.replace(/^\//, '')}`)?.tags.map(({ key }) => key) ?? []
      t.equal(kept.includes(source.key), kind === 'mlflow', 'a workspace would give whatever experiment the notebook has')
    }
    const plain = await call('create', { name: 'jobs:/1234' })
    t.equal(plain.body.error_code, 'RESOURCE_ALREADY_EXISTS', 'without the id of a notebook it is a mistake')
    const deleted = experiments.named('/experiments/acc/jobs:/1234')
    if (deleted !== undefined) deleted.lifecycle_stage = 'deleted'
    t.equal((await call('create', { name: 'jobs:/1234', tags: [source] })).body.error_code, 'RESOURCE_ALREADY_EXISTS')
  })
}

for (const kind of kinds) {
  t.test(`${kind}: a new environment gets its default experiment from the first allowed request that needs it`, async (t) => {
    const { experiments, call, byId, byName, writes } = await prepare(t, kind)
    const foreign = experiments.add('/experiments/prod/churn').experiment_id
    const last = String(2n ** 63n - 1n)
    const artifacts = '/api/2.0/mlflow-artifacts/artifacts'
    const refused: [path: string, body?: object][] = [
      [`get?experiment_id=${foreign}`],
      ['get?experiment_id=99'],
      ['get?experiment_id=01'],
      [`get?experiment_id=${last}`],
      ['update', { experiment_id: '0', new_name: 'other' }],
      ['update', { experiment_id: foreign, new_name: 'other' }],
      ['create', { name: '/experiments/prod/x' }],
      ['/api/2.0/mlflow/runs/create', { experiment_id: foreign }],
      ['/api/2.0/mlflow/runs/create', { experiment_id: last }],
      ['/api/2.0/mlflow/runs/search', { experiment_ids: ['0', last] }],
      [`/api/2.0/mlflow/runs/get?run_id=${'f'.repeat(32)}`],
      [`${artifacts}?path=${last}`],
      [`${artifacts}/0/${'f'.repeat(32)}/artifacts/a`],
    ]
    for (const [path, body] of refused) {
      const { status } = await call(path, body)
      t.ok(status >= 400 && status < 500, `${path}: ${status}`)
      t.same(writes(), [], `${path}: nothing is left behind`)
    }
    t.equal((await call(`/api/2.0/mlflow/runs/search`, { experiment_ids: [foreign] })).status, 200)
    t.same(writes(), [], 'nor by a request that does not need it')
    t.match(await byId('0'), { experiment_id: '0', name: 'Default' })
    t.same(writes(), [`${base}/create`])
    t.equal((await call('/api/2.0/mlflow/runs/create', { experiment_id: '0' })).body.run.info.experiment_id, '0')
    t.equal((await byName('Default')).experiment_id, '0')
    t.same(writes(), [`${base}/create`, '/api/2.0/mlflow/runs/create'], 'it is made once')
  })

  t.test(`${kind}: a run may be the first request in a new environment`, async (t) => {
    const { call, writes } = await prepare(t, kind)
    t.equal((await call('/api/2.0/mlflow/runs/create', { experiment_id: '0' })).body.run.info.experiment_id, '0')
    t.same(writes(), [`${base}/create`, '/api/2.0/mlflow/runs/create'])
  })
}

t.test('ids of 32 hexadecimal digits are ids in a workspace, and nothing elsewhere', async (t) => {
  for (const kind of kinds) {
    const { experiments, call } = await prepare(t, kind)
    experiments.hex = true
    const [own, foreign] = [experiments.add('/experiments/acc/nb'), experiments.add('/experiments/prod/nb')]
    const start = (experiment_id: string) => call('/api/2.0/mlflow/runs/create', { experiment_id, start_time: 1 })
    const answer = await start(own.experiment_id)
    if (kind === 'databricks') t.match(answer, { status: 200, body: { run: { info: { experiment_id: own.experiment_id } } } })
    else t.match(answer, { status: 400, body: { message: /Invalid experiment ID/ } })
    if (kind === 'mlflow') continue
    t.match((await call(`get?experiment_id=${own.experiment_id}`)).body, { experiment: { name: 'nb' } })
    const absent = 'f0'.repeat(16)
    const [other, none] = [await start(foreign.experiment_id), await start(absent)]
    t.equal(other.status, 404)
    t.same(
      JSON.stringify(other).replaceAll(foreign.experiment_id, absent),
      JSON.stringify(none),
      'another’s is as one that is not there',
    )
    t.match(other.body.message, /environment 'acc'.*MLFLOW_EXPERIMENT_ID.*MLFLOW_EXPERIMENT_NAME.*set_experiment/)
  }
})

t.test('the proxy’s note is nobody’s to write, to take away or to search for', async (t) => {
  const { call } = await prepare(t, 'mlflow')
  const { experiment_id } = (await call('create', { name: '/a' })).body
  for (const key of ['mlflow-env-proxy.leadingSlash', ' MLFLOW-ENV-PROXY.LEADINGSLASH']) {
    const tag = { key, value: 'false' }
    t.equal((await call('create', { name: 'b', tags: [tag] })).status, 400)
    t.equal((await call('set-experiment-tag', { experiment_id, ...tag })).status, 400)
    t.equal((await call('delete-experiment-tag', { experiment_id, key })).status, 400)
    t.equal((await call('search', { max_results: 5, filter: `tags."${key}" = 'true'` })).status, 400)
  }
})
