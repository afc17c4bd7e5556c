import { didYouMean, quotedList } from '../did-you-mean.ts'
import { makeProblem, type Problem, ProblemError } from '../problem.ts'
import type { Criterion, IndirectSelection, SelectionSet, SelectionSpec } from './selection-spec.ts'
import type { SelectorMethod } from './selector-method.ts'
import { selectorMethods } from './selector-methods.ts'

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
  /** What `selector:` names: the selections of selectors.yml, by name. */
  readonly named?: NamedSelections
}

/** Looks up a selection of selectors.yml; what is wrong with it goes to `problems`. */
export interface NamedSelections {
  readonly names: readonly string[]
  readonly resolve: (name: string, problems: Problem[]) => SelectionSpec | null
}

/** Nodes of every type: what is selected when nothing is said. */
const everything = ['fqn:*', 'source:*']

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
    const criteria = raw.split(',').flatMap((part) => parsePart(part, raw, options, problems) ?? [])
    return { kind: 'intersection', raw, parts: criteria, indirectSelection, expectsMatch }
  })
  return { kind: 'union', raw: texts.join(' '), parts, indirectSelection, expectsMatch: false }
}

/** A criterion, or with `selector:` a whole selection of selectors.yml. */
function parsePart(
  text: string,
  token: string,
  options: ParseOptions,
  problems: Problem[],
): SelectionSpec | null {
  if (!text.startsWith('selector:')) return parseCriterion(text, token, options, problems)
  return resolveNamed(text.slice('selector:'.length), options.named, problems)
}

/** The selection of selectors.yml with this name. */
export function resolveNamed(
  name: string,
  named: NamedSelections | undefined,
  problems: Problem[],
): SelectionSpec | null {
  const names = named?.names ?? []
  if (named && names.includes(name)) return named.resolve(name, problems)
  const known =
    names.length > 0 ? `selectors.yml has ${quotedList(names, 'and')}` : 'there is no selectors.yml'
  const hint = didYouMean(name, names) ?? known
  problems.push(makeProblem('selector-invalid', `there is no selector '${name}'`, { hint }))
  return null
}

/** One criterion as it is written on the command line; null, with a problem, where it is not understood. */
export function parseCriterion(
  text: string,
  token: string,
  options: ParseOptions,
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
  const relatives = {
    parentsDepth: depthOf(up, upDepth),
    childrenDepth: depthOf(down, downDepth),
    childrensParents: at !== undefined,
  }
  return checkedCriterion(
    prefix ?? defaultMethod(value),
    value,
    { raw: text, token, relatives },
    options,
    problems,
  )
}

/** Where a criterion was written and which relatives it takes in. */
export interface CriterionFrame {
  readonly raw: string
  /** What the person wrote, for messages. */
  readonly token: string
  readonly relatives: Pick<Criterion, 'parentsDepth' | 'childrenDepth' | 'childrensParents'>
}

/** A criterion of a method that is known, with a value that it understands. */
export function checkedCriterion(
  methodText: string,
  value: string,
  { raw, token, relatives }: CriterionFrame,
  { indirectSelection = 'eager', methods = selectorMethods }: ParseOptions,
  problems: Problem[],
): Criterion | null {
  const [method, ...methodArguments] = methodText.split('.')
  const found = Object.hasOwn(methods, method!) ? methods[method!] : undefined
  if (!found) {
    const names = [...Object.keys(methods), 'selector']
    const hint = didYouMean(method!, names) ?? `methods: ${names.join(', ')}`
    problems.push(invalid(token, `unknown method '${method}'`, hint))
    return null
  }
  const refusal = found.refuse?.({ arguments: methodArguments, value })
  if (refusal) {
    const hint = didYouMean(value, refusal.allowed) ?? `allowed: ${refusal.allowed.join(', ')}`
    problems.push(invalid(token, refusal.message, hint))
    return null
  }
  return { kind: 'criterion', raw, method: method!, methodArguments, value, ...relatives, indirectSelection }
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
