import t from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { isFullRun } from '../support/full-run.ts'
import { tellClientStories } from './client-stories.ts'

/** The longest stories are left to the full run. */
const everyday = { stories: ['fluent', 'isolation', 'promotion', 'notebook'] }

await tellClientStories(t, newestMlflow, isFullRun ? {} : everyday)
