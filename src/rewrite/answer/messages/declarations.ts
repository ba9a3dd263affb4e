import type { Declarations } from '../declaration.ts'
import { artifactMessages } from './artifact-messages.ts'
import { catalogMessages } from './catalog-messages.ts'
import { experimentMessages } from './experiment-messages.ts'
import { gatewayMessages } from './gateway-messages.ts'
import { genaiMessages } from './genai-messages.ts'
import { loggedModelMessages } from './logged-model-messages.ts'
import { modelMessages } from './model-messages.ts'
import { runMessages } from './run-messages.ts'
import { serverMessages } from './server-messages.ts'
import { servingMessages } from './serving-messages.ts'
import { traceMessages } from './trace-messages.ts'
import { workspaceMessages } from './workspace-messages.ts'

/**
 * The table of answers: every message that has an owner or may name something. Of a message that is not here a test has found that it
 * has no field that looks like a reference.
 */
export const declarations: Declarations = {
  ...experimentMessages,
  ...runMessages,
  ...loggedModelMessages,
  ...modelMessages,
  ...traceMessages,
  ...genaiMessages,
  ...gatewayMessages,
  ...artifactMessages,
  ...serverMessages,
  ...workspaceMessages,
  ...catalogMessages,
  ...servingMessages,
}
