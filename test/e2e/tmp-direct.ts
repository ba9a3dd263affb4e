import t from 'tap'
import { tellClientStories } from './client-stories.ts'
await tellClientStories(t, process.env.SV ?? '')
