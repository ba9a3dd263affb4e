import t from 'tap'
import { tellClientStories } from './client-stories.ts'

await tellClientStories(t, '3.17.2')
