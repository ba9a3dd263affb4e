import type { Answer, Inquiry, Question } from '../policy/questions.ts'

/** Whoever answers the questions of a decision. */
export interface World {
  answer(question: Question): Promise<Answer>
}

/** Runs an inquiry to its end. Within one request no question is asked twice. */
export async function follow<T>(inquiry: Inquiry<T>, world: World): Promise<T> {
  const known = new Map<string, Promise<Answer>>()
  let step = inquiry.next()
  while (!step.done) {
    const key = JSON.stringify(step.value)
    const answer = known.get(key) ?? world.answer(step.value)
    known.set(key, answer)
    let value: Answer
    try {
      value = await answer
    } catch (error) {
      step = inquiry.throw(error)
      continue
    }
    step = inquiry.next(value)
  }
  return step.value
}
