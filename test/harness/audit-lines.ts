import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Test } from 'tap'

const schema = JSON.parse(readFileSync(new URL('../../schema/audit.schema.json', import.meta.url), 'utf8'))
const isLine = new Ajv2020({ allErrors: true }).compile({ ...schema, additionalProperties: false })

/** Asserts that a line is what the shipped schema says, and nothing besides. */
export function checkAuditLine(t: Test, line: unknown, name: string): void {
  t.ok(isLine(line), `${name}: ${JSON.stringify(isLine.errors)}`)
}
