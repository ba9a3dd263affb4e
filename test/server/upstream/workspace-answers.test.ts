import t from 'tap'
import { readWorkspaceAnswer, workspaceRefusal } from '../../../src/server/upstream/workspace-answers.ts'

const said = (status: number, code: string, message: string) => ({
  status,
  text: JSON.stringify({ error_code: code, message }),
})
const disabled = 'The legacy workspace model registry is disabled for the current Databricks workspace.'
const blocked = 'Source IP address: 203.0.113.7 is blocked by Databricks IP ACL for workspace: 12345'

t.test('what turns everybody away is told for what it is', async (t) => {
  const cases: readonly (readonly [string, { status: number; text: string; location?: string }, string, RegExp])[] = [
    [
      'Private Link',
      { status: 302, text: '', location: '/login.html?error=private-link-validation-error:12345' },
      'upstream-refused',
      /Private Link/,
    ],
    [
      'Private Link, by its whole address',
      {
        status: 303,
        text: '',
        location: 'https://adb-1.azuredatabricks.net/login.html?o=1&error=private-link-validation-error:1',
      },
      'upstream-refused',
      /Private Link/,
    ],
    ['an IP access list', said(403, 'PERMISSION_DENIED', blocked), 'upstream-refused', /IP access list/],
    ['the same in plain text', { status: 403, text: blocked }, 'upstream-refused', /IP access list/],
    ['a network policy', said(403, '403', 'Unauthorized network access to workspace: 12345'), 'upstream-refused', /network/],
    [
      'a disabled registry',
      said(403, 'PERMISSION_DENIED', disabled),
      'registry-absent',
      /legacy workspace model registry is disabled/,
    ],
    [
      'no metastore',
      said(404, 'METASTORE_DOES_NOT_EXIST', 'No metastore assigned for the current workspace.'),
      'registry-absent',
      /no metastore/,
    ],
  ]
  for (const [name, answer, reason, message] of cases) {
    t.throws(() => readWorkspaceAnswer('databricks', answer), { reason, message }, name)
    t.equal(readWorkspaceAnswer('mlflow', answer), answer, `${name} is nothing that an MLflow server says`)
    t.match(workspaceRefusal(answer)?.remedy, /./, name)
  }
})

t.test('limits have one form, and all else is as it was', async (t) => {
  const limits = [
    said(400, 'REQUEST_LIMIT_EXCEEDED', 'slowly'),
    said(403, 'REQUEST_LIMIT_EXCEEDED', 'slowly'),
    said(429, 'RESOURCE_EXHAUSTED', 'slowly'),
    { status: 429, text: '' },
  ]
  for (const answer of limits) t.equal(readWorkspaceAnswer('databricks', answer).status, 429, answer.text)
  const others = [
    said(200, 'REQUEST_LIMIT_EXCEEDED', disabled),
    said(400, 'INVALID_PARAMETER_VALUE', 'REQUEST_LIMIT_EXCEEDED'),
    said(403, 'PERMISSION_DENIED', 'You may not.'),
    said(400, 'RESOURCE_EXHAUSTED', 'The quota of endpoints is used up.'),
    said(404, 'RESOURCE_DOES_NOT_EXIST', 'No such model.'),
    said(503, 'TEMPORARILY_UNAVAILABLE', 'Later.'),
    { status: 302, text: '', location: '/login.html' },
    { status: 302, text: '', location: '/elsewhere?q=/login.html&error=private-link-validation-error' },
    { status: 403, text: disabled },
  ]
  for (const answer of others) t.equal(readWorkspaceAnswer('databricks', answer), answer, answer.text)
})
