import { quotedList } from '../did-you-mean.ts'
import type { SelectorInfo } from '../manifest.ts'
import { makeProblem, type Problem } from '../problem.ts'
import {
  checkedCriterion,
  type NamedSelections,
  type ParseOptions,
  parseCriterion,
  resolveNamed,
} from './parse-selection.ts'
import {
  type Criterion,
  indirectSelections,
  type SelectionSet,
  type SelectionSpec,
} from './selection-spec.ts'

/*
 * Selections as selectors.yml writes them:
 *
 *   definition  text                                       a criterion of the command line
 *             | {<method>: value}
 *             | {method, value, parents?, parents_depth?, children?, children_depth?, childrens_parents?,
 *                indirect_selection?, exclude?: [definition]}
 *             | {method: selector, value: <name>}          what another selector means
 *             | {union: [definition]}  |  {intersection: [definition]}
 *
 * Among the parts of a union or intersection one may be {exclude: [definition]}.
 */

/** The selections of selectors.yml, read when they are asked for. */
export function namedSelections(
  selectors: Readonly<Record<string, SelectorInfo>>,
  options: ParseOptions = {},
): NamedSelections {
  const names = Object.keys(selectors)
  const within = (open: readonly string[]): NamedSelections => ({
    names,
    resolve: (name, problems) => {
      if (open.includes(name)) {
        problems.push(
          invalid(name, `it means itself, by way of ${quotedList([...open.slice(1), name], 'and')}`),
        )
        return null
      }
      const reading: Reading = { name, options: { ...options, named: within([...open, name]) }, problems }
      return readDefinition(selectors[name]!.definition, reading)
    },
  })
  return within([])
}

interface Reading {
  readonly name: string
  readonly options: ParseOptions
  readonly problems: Problem[]
}

type Mapping = Readonly<Record<string, unknown>>

function readDefinition(definition: unknown, reading: Reading): SelectionSpec | null {
  if (typeof definition === 'string')
    return parseCriterion(definition, definition, reading.options, reading.problems)
  if (!isMapping(definition))
    return refuse(reading, `a definition is text or a mapping, not ${shown(definition)}`)
  if ('union' in definition) return readSet('union', definition, reading)
  if ('intersection' in definition) return readSet('intersection', definition, reading)
  return readCriterion(definition, reading)
}

function readSet(
  kind: 'union' | 'intersection',
  definition: Mapping,
  reading: Reading,
): SelectionSpec | null {
  const list = definition[kind]
  if (!Array.isArray(list)) return refuse(reading, `${kind} must be a list`)
  const others = Object.keys(definition).filter((key) => key !== kind)
  if (others.length > 0) return refuse(reading, `${quotedList(others, 'and')} cannot stand beside ${kind}`)
  // In a set whatever has an exclude is the set's exclusion, as in dbt, where nothing else of it counts.
  const isExclusion = (part: unknown): part is Mapping => isMapping(part) && 'exclude' in part
  const exclusions = list.filter(isExclusion)
  if (exclusions.length > 1) return refuse(reading, `${kind} has more than one exclude`)
  const parts = list
    .filter((part) => !isExclusion(part))
    .flatMap((part) => readDefinition(part, reading) ?? [])
  const included = makeSet(kind, definition, parts)
  const excluded = exclusions.length > 0 ? readExclusions(exclusions[0]!, reading) : null
  return excluded ? makeSet('difference', definition, [included, excluded]) : included
}

function readExclusions(definition: Mapping, reading: Reading): SelectionSpec | null {
  const { exclude } = definition
  if (!Array.isArray(exclude)) return refuse(reading, 'exclude must be a list')
  const parts = exclude.flatMap((part) => readDefinition(part, reading) ?? [])
  return parts.length === 1 ? parts[0]! : makeSet('union', exclude, parts)
}

/** What may be said of a criterion. */
export const criterionKeys: readonly string[] = [
  'method',
  'value',
  'parents',
  'parents_depth',
  'children',
  'children_depth',
  'childrens_parents',
  'indirect_selection',
  'exclude',
]

function readCriterion(definition: Mapping, reading: Reading): SelectionSpec | null {
  const [only, ...others] = Object.entries(definition)
  if (only && others.length === 0 && only[0] !== 'method') {
    const [method, value] = only
    return method === 'selector'
      ? resolveNamed(String(value), reading.options.named, reading.problems)
      : criterionOf({ method, value }, reading)
  }
  if (!('method' in definition) || !('value' in definition))
    return refuse(reading, `a definition has method and value, or is one method with its value`)
  const unknown = Object.keys(definition).filter((key) => !criterionKeys.includes(key))
  if (unknown.length > 0)
    return refuse(
      reading,
      `${quotedList(unknown, 'and')} is not known`,
      `allowed: ${criterionKeys.join(', ')}`,
    )
  const base =
    definition['method'] === 'selector'
      ? resolveNamed(String(definition['value']), reading.options.named, reading.problems)
      : criterionOf(definition, reading)
  if (!base || !('exclude' in definition)) return base
  const excluded = readExclusions(definition, reading)
  return excluded && makeSet('difference', definition, [base, excluded])
}

function criterionOf(definition: Mapping, reading: Reading): Criterion | null {
  const { method, value, indirect_selection: mode } = definition
  if (mode !== undefined && !indirectSelections.some((known) => known === mode))
    return refuse(reading, `indirect_selection must be ${quotedList(indirectSelections)}`)
  const options = {
    ...reading.options,
    ...(mode !== undefined && { indirectSelection: mode }),
  } as ParseOptions
  const depth = (wanted: unknown, steps: unknown): number =>
    wanted ? Number(steps ?? Number.POSITIVE_INFINITY) : 0
  const relatives = {
    parentsDepth: depth(definition['parents'], definition['parents_depth']),
    childrenDepth: depth(definition['children'], definition['children_depth']),
    childrensParents: definition['childrens_parents'] === true,
  }
  const raw = `${method}:${value}`
  if (relatives.childrensParents && relatives.childrenDepth > 0)
    return refuse(reading, `'${raw}' has childrens_parents and children, which exclude each other`)
  return checkedCriterion(
    String(method),
    String(value),
    { raw, token: raw, relatives },
    options,
    reading.problems,
  )
}

/** Sets of selectors.yml take tests in as eager ones do, whatever their criteria say. */
function makeSet(
  kind: SelectionSet['kind'],
  written: unknown,
  parts: readonly SelectionSpec[],
): SelectionSet {
  return { kind, raw: JSON.stringify(written), parts, indirectSelection: 'eager', expectsMatch: false }
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return Array.isArray(value) ? 'a list' : JSON.stringify(value)
}

function refuse({ name, problems }: Reading, message: string, hint?: string): null {
  problems.push(invalid(name, message, hint))
  return null
}

function invalid(name: string, message: string, hint?: string): Problem {
  return makeProblem('selector-invalid', `selector '${name}' of selectors.yml: ${message}`, { hint })
}
