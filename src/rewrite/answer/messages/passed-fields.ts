import { passes } from '../declaration.ts'

// Reasons that several messages share.
export const itself = passes('the id of the row itself, whose experiment was judged')
export const pointedAt = passes('an id that was judged when it was written, and opens nothing by itself')
export const ownTags = passes('what the caller’s own environment wrote; ids in it were judged when they were written')
export const ownData = passes('what a client says of its own data')
export const person = passes('who made it, in the same environment')
export const parameter = passes('the name of a parameter')
