import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { BadMessage } from './bad-message.ts'
import { LongNumber } from './long-number.ts'
import { type ReadPayload, readJson } from './payload.ts'

/** Makes the reader of JSON that one JSON Schema describes; drafts 7, 2019-09 and 2020-12. */
export function makeReadJsonSchema(schema: string): ReadPayload {
  const validate = compiled(JSON.parse(schema) as Record<string, unknown>)
  return (bytes) => {
    const value = readJson(bytes)
    if (validate(roundedNumbers(value))) return value
    const [first] = validate.errors ?? []
    const where = first?.instancePath ? `${first.instancePath} ` : ''
    throw new BadMessage(`the payload breaks its schema: ${where}${first?.message ?? 'it is not valid'}`)
  }
}

function compiled(schema: Record<string, unknown>): ValidateFunction {
  const draft = String(schema['$schema'] ?? '')
  const options = { strict: false, validateFormats: false, validateSchema: false, logger: false } as const
  const ajv = /2020-12/.test(draft)
    ? new Ajv2020(options)
    : /2019-09/.test(draft)
      ? new Ajv2019(options)
      : new Ajv(options)
  // Which draft it is has been seen to; another spelling of its address must not be looked up.
  const { $schema: _, ...rest } = schema
  return ajv.compile(rest)
}

/** Schemas know nothing of numbers that are kept as digits. */
function roundedNumbers(value: unknown): unknown {
  if (value instanceof LongNumber) return Number(value.digits)
  if (Array.isArray(value)) return value.map(roundedNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, roundedNumbers(item)]))
}
