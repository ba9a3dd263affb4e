import { randomUUID } from 'node:crypto'
import { absent, denied, json } from './answer.ts'
import { type Call, type Routes, text } from './call.ts'
import type { Registry } from './model-versions.ts'
import { versionOf } from './models.ts'

/** What somebody wrote beside a version [SDK CommentObject]. */
interface Comment {
  readonly id: string
  readonly user_id: string
  readonly comment: string
  readonly creation_timestamp: number
  readonly last_updated_timestamp: number
}

const base = '/api/2.0/mlflow/comments'

/** Comments (fact 3). To change or delete one only its opaque id is told (fact 13); only its author may. */
export function commentRoutes({ models, webhooks }: Registry): Routes {
  const comments = new Map<string, Comment>()
  const shown = (comment: Comment) => json({ comment: { ...comment, available_actions: ['EDIT_COMMENT', 'DELETE_COMMENT'] } })
  const ownComment = (call: Call): Comment => {
    const id = text(call.fields, 'id')
    const comment = comments.get(id)
    if (comment === undefined) throw absent(`Comment with id ${id} does not exist.`)
    if (comment.user_id !== call.caller.name) throw denied(`User ${call.caller.name} did not write comment ${id}.`)
    return comment
  }
  return {
    [`POST ${base}/create`]: async (call) => {
      const { name, version } = versionOf(call.fields)
      const words = text(call.fields, 'comment')
      await models.requireVersion(call.caller, name, version, 'CAN_READ')
      const now = Date.now()
      const id = randomUUID().replaceAll('-', '')
      const times = { creation_timestamp: now, last_updated_timestamp: now }
      const comment: Comment = { id, user_id: call.caller.name, comment: words, ...times }
      comments.set(id, comment)
      webhooks.fire('COMMENT_CREATED', name, { version, comment: words })
      return shown(comment)
    },
    [`PATCH ${base}/update`]: (call) => {
      const comment: Comment = { ...ownComment(call), comment: text(call.fields, 'comment'), last_updated_timestamp: Date.now() }
      comments.set(comment.id, comment)
      return shown(comment)
    },
    [`DELETE ${base}/delete`]: (call) => {
      comments.delete(ownComment(call).id)
      return json({})
    },
  }
}
