import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { Refusal } from '../../policy/reasons.ts'
import { isMapping, type Mapping } from '../config/mapping.ts'
import type { StoredFile } from './storage/artifact-store.ts'
import { dependenciesOf, isOfFeatureStore, type ModelDependency } from './unity-catalog-dependencies.ts'
import type { SourceFiles } from './workspace-artifacts.ts'

/** Maximum number of files in one model. */
const mostFiles = 10_000
/** Maximum bytes of a model's description. */
const descriptionBytes = 1024 * 1024

/** Every file of a source, with its relative path. Throws `too-large` if there are too many. */
export async function filesBelow(source: SourceFiles, folder = ''): Promise<StoredFile[]> {
  const files: StoredFile[] = []
  for (const row of await source.list(folder)) {
    const path = folder === '' ? row.path : `${folder}/${row.path}`
    if (row.isDir) for (const file of await filesBelow(source, path)) files.push(file)
    else files.push({ ...row, path })
    if (files.length > mostFiles)
      throw new Refusal('too-large', `The model has more than ${mostFiles} files. Pack them together.`)
  }
  return files
}

const advice = 'Log the model with a signature of its inputs and outputs (https://mlflow.org/docs/latest/model/signatures.html).'

/**
 * Unity Catalog accepts only models with a signature. Its own clients check that, and here the proxy is the client. Returns the model's
 * dependencies.
 */
export async function checkModel(source: SourceFiles, files: readonly StoredFile[]): Promise<readonly ModelDependency[]> {
  const description = files.find(({ path }) => path === 'MLmodel')
  if (description === undefined) {
    throw new Refusal(
      'invalid-parameter',
      'The source is not an MLflow model: it contains no file MLmodel. Use the folder of a model.',
    )
  }
  if ((description.fileSize ?? 0) > descriptionBytes) throw new Refusal('too-large', "The model's file MLmodel is too large.")
  const { stream } = await source.download('MLmodel')
  const model = readModel(await text(stream))
  if (isOfFeatureStore(model)) {
    throw new Refusal(
      'invalid-parameter',
      'This model was packaged by Databricks Feature Store, and can only be registered on a Databricks cluster.',
    )
  }
  const { signature } = model
  if (!isMapping(signature)) throw new Refusal('invalid-parameter', `Unity Catalog needs a model signature. ${advice}`)
  if (!signature.outputs) throw new Refusal('invalid-parameter', `Unity Catalog also needs a signature of outputs. ${advice}`)
  return dependenciesOf(model)
}

function readModel(yaml: string): Mapping {
  try {
    const model: unknown = parse(yaml, { maxAliasCount: 0 })
    return isMapping(model) ? model : {}
  } catch {
    throw new Refusal('invalid-parameter', "The model's file MLmodel is not valid YAML. Log the model again.")
  }
}
