import { didYouMean } from '../did-you-mean.ts'
import { makeProblem, type Problem, ProblemError } from '../problem.ts'
import type { Criterion, IndirectSelection, SelectionSet, SelectionSpec } from './selection-spec.ts'
import { type SelectorMethod, selectorMethods } from './selector-methods.ts'

/*
 * dbt's selection grammar:
 *
 *   spec       token (space token)*                  union
 *   token      criterion ("," criterion)*            intersection, binds tighter
 *   criterion  ["@"] [depth? "+"] [method[.argument]* ":"] value ["+" depth?]
 */

const criterionPattern = /^(@)?(?:(\d*)(\+))?(?:([\w.]+):)?(.*?)(?:(\+)(\d*))?$/s

export interface ParseOptions {
  readonly indirectSelection?: IndirectSelection
  readonly methods?: Readonly<Record<string, SelectorMethod>>
}

/** Nodes of every type: what is selected when nothing is said. */
const everything = ['fqn:*', 'source:*', 'exposure:*']

/** What `--select` and `--exclude` mean together; throws a ProblemError with everything that is not understood. */
export function parseSelections(
  select: readonly string[],
  exclude: readonly string[],
  options: ParseOptions = {},
): SelectionSet {
  const problems: Problem[] = []
  const included = parseUnion(select.length > 0 ? select : everything, select.length > 0, options, problems)
  const excluded = parseUnion(exclude, true, options, problems)
  if (problems.length > 0) throw new ProblemError(problems)
  const parts = [included, excluded]
  return { kind: 'difference', raw: included.raw, parts, indirectSelection: 'eager', expectsMatch: false }
}

/** One or more selections, united; throws a ProblemError with everything that is not understood. */
export function parseSelection(texts: string | readonly string[], options: ParseOptions = {}): SelectionSpec {
  const problems: Problem[] = []
  const spec = parseUnion(typeof texts === 'string' ? [texts] : texts, true, options, problems)
  if (problems.length > 0) throw new ProblemError(problems)
  return spec
}

function parseUnion(
  texts: readonly string[],
  expectsMatch: boolean,
  options: ParseOptions,
  problems: Problem[],
): SelectionSet {
  const { indirectSelection = 'eager' } = options
  const tokens = texts.flatMap((text) => {
    const split = text.split(/\s+/).filter((token) => token !== '')
    if (split.length === 0) problems.push(invalid(text, 'the selection is empty', grammarHint))
    return split
  })
  const parts = tokens.map((raw): SelectionSet => {
    const criteria = raw.split(',').flatMap((part) => parseCriterion(part, raw, options, problems) ?? [])
    return { kind: 'intersection', raw, parts: criteria, indirectSelection, expectsMatch }
  })
  return { kind: 'union', raw: texts.join(' '), parts, indirectSelection, expectsMatch: false }
}

function parseCriterion(
  text: string,
  token: string,
  { indirectSelection = 'eager', methods = selectorMethods }: ParseOptions,
  problems: Problem[],
): Criterion | null {
  const refuse = (message: string, hint?: string) => {
    problems.push(invalid(token, message, hint))
    return null
  }
  const [, at, upDepth, up, prefix, value = '', down, downDepth] = criterionPattern.exec(text) ?? []
  if (value === '') return refuse(text === '' ? 'a part is empty' : `'${text}' names nothing`, grammarHint)
  if (at && down)
    return refuse("'@' before and '+' after a name exclude each other", "'@' takes in all children already")
  const [method, ...methodArguments] = prefix === undefined ? [defaultMethod(value)] : prefix.split('.')
  const found = Object.hasOwn(methods, method!) ? methods[method!] : undefined
  if (!found) {
    const names = Object.keys(methods)
    return refuse(`unknown method '${method}'`, didYouMean(method!, names) ?? `methods: ${names.join(', ')}`)
  }
  const refusal = found.refuse?.({ arguments: methodArguments, value })
  if (refusal)
    return refuse(
      refusal.message,
      didYouMean(value, refusal.allowed) ?? `allowed: ${refusal.allowed.join(', ')}`,
    )
  return {
    kind: 'criterion',
    raw: text,
    method: method!,
    methodArguments,
    value,
    parentsDepth: depthOf(up, upDepth),
    childrenDepth: depthOf(down, downDepth),
    childrensParents: at !== undefined,
    indirectSelection,
  }
}

const grammarHint =
  "for example: stg_orders, +stg_orders, stg_orders+2, tag:nightly, path:models/marts, 'a,b' for both"

function invalid(token: string, message: string, hint?: string): Problem {
  return makeProblem('selector-invalid', `selection '${token}': ${message}`, { hint })
}

function depthOf(plus: string | undefined, depth: string | undefined): number {
  if (!plus) return 0
  return depth ? Number(depth) : Number.POSITIVE_INFINITY
}

/** A value without a method is a path when it has a slash, a file by its extension, else a name. */
function defaultMethod(value: string): string {
  if (value.includes('/')) return 'path'
  return /\.(sql|py|csv|ya?ml|ts)$/i.test(value) ? 'file' : 'fqn'
}
