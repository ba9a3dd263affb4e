import { askUpstream, pick } from './attack-setup.ts'

/** Ids of what an experiment has besides runs and models. */
export interface Families {
  readonly dataset: string
  readonly issue: string
  readonly labelSchema: string
  readonly reviewQueue: string
  readonly scorer: string
}

const api = '/api/3.0/mlflow'

/** Makes one of each behind the proxy's back, with a word in it that must not get out. */
export async function seedFamilies(url: string, experiment: string, word: string): Promise<Families> {
  const post = (path: string, body: object) => askUpstream(url, 'POST', `${api}/${path}`, body)
  const own = { experiment_id: experiment, name: word }
  const tags = JSON.stringify({ note: word })
  const dataset = pick(await post('datasets/create', { name: word, experiment_ids: [experiment], tags }), 'dataset', 'dataset_id')
  await post(`datasets/${dataset}/records`, { records: JSON.stringify([{ inputs: { factQuery: word } }]) })
  const serialized_scorer = JSON.stringify({ name: word, builtin_scorer_pydantic_data: { model: 'openai:/gpt' } })
  const scorer = pick(await post('scorers/register', { ...own, serialized_scorer }), 'scorer_id')
  const issue = pick(await post('issues', { ...own, description: word }), 'issue', 'issue_id')
  const schema = { ...own, type: 'FEEDBACK', input: { text: {} }, instruction: word }
  const labelSchema = pick(await post('label-schemas/create', schema), 'label_schema', 'schema_id')
  const queue = { ...own, queue_type: 'CUSTOM', users: ['someone'], schema_ids: [labelSchema] }
  const reviewQueue = pick(await post('review-queues/create', queue), 'review_queue', 'queue_id')
  return { dataset, issue, labelSchema, reviewQueue, scorer }
}
