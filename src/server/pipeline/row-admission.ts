import { withAdmitted } from '../../policy/grant.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { admitRows } from '../../rewrite/answer/admit-rows.ts'
import { evaluate } from '../facts/evaluate.ts'
import type { Facts } from '../facts/facts.ts'
import type { GrantedRequest } from './strategies/strategy.ts'

/** How many rows' owners are looked up together: an answer may need more look-ups than one request may cause. */
const rowsAtOnce = 1_000

/** Looks up the owners of an answer's rows, if the request leaves them open. Returns the admitted experiments, in addition to `before`. */
export async function admitListed(
  facts: Facts,
  { grant: { endpoint, context }, requestContext }: GrantedRequest,
  message: string,
  rows: readonly Json[],
  before: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (endpoint.anyExperiment !== true) return before
  const source = facts.sourceFor(requestContext.credentials)
  let admitted = before
  for (let start = 0; start < rows.length; start += rowsAtOnce)
    admitted = await evaluate(admitRows(withAdmitted(context, admitted), message, rows.slice(start, start + rowsAtOnce)), source)
  source.keepShown(withAdmitted(context, admitted))
  return admitted
}
