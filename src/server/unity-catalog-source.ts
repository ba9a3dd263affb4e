import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { Refusal } from '../policy/reasons.ts'
import { isMapping } from './mapping.ts'
import type { StoredFile } from './storage/artifact-store.ts'
import type { SourceFiles } from './workspace-artifacts.ts'

/** Files of one model. */
const mostFiles = 10_000
/** Bytes of the description of a model. */
const descriptionBytes = 1024 * 1024

/** Every file of a source, with its path in it. Throws `too-large` where there are too many. */
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

/** Unity Catalog takes models with a signature only; its own clients see to that, and here the proxy is the client. */
export async function checkModel(source: SourceFiles, files: readonly StoredFile[]): Promise<void> {
  const description = files.find(({ path }) => path === 'MLmodel')
  if (description === undefined) {
    throw new Refusal(
      'invalid-parameter',
      'The source holds no MLflow model: there is no file MLmodel in it. Name the folder of a model.',
    )
  }
  if ((description.fileSize ?? 0) > descriptionBytes) throw new Refusal('too-large', "The model's file MLmodel is too large.")
  const { stream } = await source.download('MLmodel')
  const signature = readSignature(await text(stream))
  if (!isMapping(signature)) throw new Refusal('invalid-parameter', `Unity Catalog needs a model signature. ${advice}`)
  if (!signature.outputs) throw new Refusal('invalid-parameter', `Unity Catalog needs a signature of outputs, too. ${advice}`)
}

function readSignature(yaml: string): unknown {
  try {
    const model: unknown = parse(yaml, { maxAliasCount: 0 })
    return isMapping(model) ? model.signature : null
  } catch {
    throw new Refusal('invalid-parameter', "The model's file MLmodel is no YAML. Log the model again.")
  }
}
