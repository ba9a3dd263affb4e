import t from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { tellClientStories } from './client-stories.ts'

await tellClientStories(t, newestMlflow)
