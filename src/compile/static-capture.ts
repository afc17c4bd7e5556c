import { type Config, joinCalls } from './config-tree.ts'
import { declaredConfig } from './context/declared-config.ts'
import { type ParsedTemplate, type StaticCall, toExactJs } from './dialect/index.ts'
import type { Read } from './nodes/draft.ts'

/*
 * Most files only call ref, source, config and var with literals. What they declare and read is plain from their
 * text, and finding it there is several times faster than rendering them.
 */

export interface StaticCapture {
  readonly reads: readonly Read[]
  readonly config: Config
}

/** What has to be known about the file's project. */
export interface StaticScope {
  readonly isModel: boolean
  readonly isReplaced: (name: string) => boolean
  readonly hasVar: (name: string) => boolean
}

const plainCalls: ReadonlySet<string> = new Set(['ref', 'source', 'config', 'var'])

/** An expression that is one of these calls and nothing else. */
const plainExpression = /^-?\s*(?:ref|source|config|var)\s*\([\s\S]*\)\s*-?$/

/**
 * What such a file declares and reads; null for any other, which has to be rendered. `isReplaced` tells whether a
 * macro of the project stands under one of these names, `hasVar` whether a var has a value. A source that such a model
 * reads twice is named once, unless it asks for a var or trims spaces: dbt then renders it, and notes each call.
 */
export function captureStatically(
  { calls, names }: Pick<ParsedTemplate, 'calls' | 'names'>,
  text: string,
  { isModel, isReplaced, hasVar }: StaticScope,
): StaticCapture | null {
  if (text.includes('{%') || text.includes('{#')) return null
  for (const name of names) if (!plainCalls.has(name) || isReplaced(name)) return null
  const expressions = text.split('{{').slice(1)
  if (expressions.length !== calls.length || !expressions.every(isPlain)) return null
  const reads: Read[] = []
  let config: Config = {}
  for (const call of calls) {
    if (!call.literal) return null
    const read = readOf(call)
    if (read === null) return null
    if (call.name === 'var' && !isGiven(call, hasVar)) return null
    if (read !== undefined) reads.push(read)
    if (call.name === 'config') config = declared(config, call)
  }
  const isRendered = calls.some(({ name }) => name === 'var') || /\{\{-|-\}\}/.test(text)
  return { reads: isModel && !isRendered ? withoutRepeatedSources(reads) : reads, config }
}

function withoutRepeatedSources(reads: readonly Read[]): Read[] {
  const seen = new Set<string>()
  return reads.filter((read) => {
    if (read.kind !== 'source') return true
    const key = JSON.stringify([read.source, read.table])
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

function isPlain(expression: string): boolean {
  const end = expression.indexOf('}}')
  return end >= 0 && plainExpression.test(expression.slice(0, end))
}

/** What the call reads; undefined when it reads nothing, null when it is not written as expected. */
function readOf({ name, args, kwargs, place }: StaticCall): Read | null | undefined {
  if (name === 'var' || name === 'config') return undefined
  if (args.length === 0 || args.length > 2 || !args.every((arg) => typeof arg === 'string')) return null
  const [first, second] = args as readonly string[]
  if (name === 'source')
    return second === undefined || Object.keys(kwargs).length > 0
      ? null
      : { kind: 'source', source: first!, table: second, place }
  const version = kwargs['version'] ?? kwargs['v']
  if (version !== undefined && typeof version !== 'string' && typeof version !== 'number') return null
  return {
    kind: 'ref',
    ...(second !== undefined && { package: first! }),
    name: second ?? first!,
    ...(version !== undefined && { version: String(version) }),
    place,
  }
}

function isGiven({ args, kwargs }: StaticCall, hasVar: (name: string) => boolean): boolean {
  return args.length > 1 || kwargs['default'] !== undefined || hasVar(String(args[0]))
}

function declared(before: Config, { args, kwargs }: StaticCall): Config {
  const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, toExactJs(value!)]))
  const positional = args.map((arg) => toExactJs(arg!)) as readonly Config[]
  return [...positional, named]
    .filter((values) => Object.keys(values).length > 0)
    .map(declaredConfig)
    .reduce<Config>(joinCalls, before)
}
