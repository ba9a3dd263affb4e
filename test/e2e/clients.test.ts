import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { isFullRun } from '../harness/full-run.ts'
import { tellClientStories } from '../scenarios/client-scenarios.ts'

/** The longest stories are left to the full run. */
const everyday = { stories: ['fluent', 'isolation', 'promotion', 'notebook'] }

await tellClientStories(t, newestMlflow, isFullRun ? {} : everyday)
