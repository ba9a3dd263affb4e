import type { Row } from '../bench.ts'
import { answers } from './answers.ts'
import { artifacts } from './artifacts.ts'
import { batch } from './batch.ts'
import { environments } from './environments.ts'
import { memory } from './memory.ts'
import { mlflow } from './mlflow.ts'
import { small } from './small.ts'
import { start } from './start.ts'

/** All rows by their names, in the order in which they are measured. */
export const rows: Readonly<Record<string, Row>> = { small, batch, answers, environments, memory, artifacts, start, mlflow }
