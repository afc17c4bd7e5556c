import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/*
 * zod's issues in our words: what is wrong, what would be right.
 */

/** An issue together with the schema that raised it and the value it saw. */
export interface RawIssue {
  readonly code: string
  readonly path: YamlPath
  readonly message?: string
  readonly input?: unknown
  readonly inst?: {
    readonly def: { readonly shape?: Readonly<Record<string, unknown>>; readonly format?: string }
  }
  readonly keys?: readonly string[]
  readonly expected?: string
  readonly values?: readonly unknown[]
  readonly options?: readonly unknown[]
  readonly discriminator?: string
  readonly origin?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly inclusive?: boolean
  readonly errors?: readonly (readonly RawIssue[])[]
  readonly params?: Readonly<Record<string, unknown>>
}

export interface Explanation {
  readonly path: YamlPath
  readonly message: string
  readonly hint?: string
}

/** One issue as one explanation, or several where an alternative was plainly meant and has faults of its own. */
export function explainIssue(issue: RawIssue, document: YamlDocument): Explanation[] {
  const { path } = issue
  const subject = subjectOf(path)
  if (issue.message !== undefined) {
    const hint = typeof issue.params?.['hint'] === 'string' ? issue.params['hint'] : undefined
    return [{ path, message: issue.code === 'custom' ? issue.message : `${subject} ${issue.message}`, hint }]
  }
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(issue, [expectedType(issue)], document)]
    case 'invalid_value':
      return [wrongValue(issue, issue.values ?? [])]
    case 'invalid_union':
      return wrongUnion(issue, document)
    case 'too_small':
    case 'too_big':
      return [{ path, message: `${subject} ${limitOf(issue)}` }]
    default:
      return [{ path, message: `${subject} is not valid` }]
  }
}

function wrongType(issue: RawIssue, expected: readonly string[], document: YamlDocument): Explanation {
  const { path, input } = issue
  const subject = subjectOf(path)
  const wanted = expected.map((type) => typeNames[type] ?? type).join(' or ')
  if (input === undefined) return { path, message: `${subject} is missing`, hint: `it must be ${wanted}` }
  if (input === null) return { path, message: `${subject} is empty; it must be ${wanted}` }
  const message = `${subject} must be ${wanted}, not ${nameOfValue(input)}`
  const source = document.sourceOf(path)
  if (!expected.includes('string') || source === undefined) return { path, message }
  const reads = String(input) === source ? '' : `YAML reads ${source} as ${String(input)}; `
  return { path, message, hint: `${reads}to mean the text, put it in quotes: '${source}'` }
}

function wrongValue(issue: RawIssue, values: readonly unknown[]): Explanation {
  const names = values.map(String)
  const { path, input } = issue
  if (input === undefined)
    return { path, message: `${subjectOf(path)} is missing`, hint: `it must be ${quotedList(names)}` }
  const message = `${subjectOf(path)} must be ${quotedList(names)}, not ${nameOfValue(input)}`
  return { path, message, hint: typeof input === 'string' ? didYouMean(input, names) : undefined }
}

/** Names all alternatives, unless the value has the form of one of them: then says what is wrong with that one. */
function wrongUnion(issue: RawIssue, document: YamlDocument): Explanation[] {
  const branches = issue.errors ?? []
  if (issue.options) return [wrongValue({ ...issue, input: discriminatorOf(issue) }, issue.options)]
  const meant = branches.find((branch) => branch.every((inner) => inner.path.length > 0))
  if (meant)
    return meant.flatMap((inner) =>
      explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, document),
    )
  const values = branches.flatMap((branch) => branch.flatMap((inner) => inner.values ?? []))
  const types = branches.flatMap((branch) => branch.filter((inner) => !inner.values).map(expectedType))
  const written = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)))
  const explained = wrongType(issue, [...new Set([...types, ...written])], document)
  const near = typeof issue.input === 'string' ? didYouMean(issue.input, values.map(String)) : undefined
  return [{ ...explained, ...(near && { hint: near }) }]
}

/** The value by which the alternatives tell themselves apart. */
function discriminatorOf({ input, discriminator = '' }: RawIssue): unknown {
  return (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator]
}

/** zod calls a whole number a number until it sees a fraction. */
function expectedType({ expected = '', inst }: RawIssue): string {
  return expected === 'number' && inst?.def.format === 'safeint' ? 'int' : expected
}

function limitOf({ code, origin, minimum, maximum, inclusive }: RawIssue): string {
  if (code === 'too_small') {
    if (origin === 'array') return `must have at least ${minimum} ${minimum === 1 ? 'entry' : 'entries'}`
    if (origin === 'string') return 'must not be empty'
    return inclusive ? `must be at least ${minimum}` : `must be greater than ${minimum}`
  }
  if (origin === 'array') return `must have at most ${maximum} ${maximum === 1 ? 'entry' : 'entries'}`
  if (origin === 'string') return `must have at most ${maximum} characters`
  return inclusive ? `must be at most ${maximum}` : `must be less than ${maximum}`
}

function subjectOf(path: YamlPath): string {
  const last = path.at(-1)
  if (last === undefined) return 'the file'
  if (typeof last !== 'number') return `'${String(last)}'`
  const owner = path.at(-2)
  return typeof owner === 'string' ? `entry ${last + 1} of '${owner}'` : `entry ${last + 1}`
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
}

function nameOfValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'empty'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return `the text '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
  return typeof value === 'number' ? `the number ${value}` : String(value)
}
