import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { isFullRun } from '../harness/full-run.ts'
import { runClientScenarios } from '../scenarios/client-scenarios.ts'

/** The longest stories are left to the full run. */
const everyday = { scenarios: ['fluent', 'isolation of prod', 'promotion', 'notebook'] }

await runClientScenarios(t, newestMlflow, isFullRun ? {} : everyday)
