import { quotedList } from '../core/did-you-mean.ts'
import { isInstant } from '../core/instant.ts'
import type { MetricCap, NonInferiorityMargin } from '../core/metrics-spec.ts'
import type { Place, Problem } from '../core/problem.ts'
import type { CapYaml, MarginYaml } from './metrics-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * Parts that jobs of all kinds have in their YAML, and how what is wrong with them is told.
 */

/** Tells that something is wrong at a path of a document. */
export type Refuse = (path: YamlPath, message: string, hint?: string) => void

/** Refuses by adding to `problems`. */
export function refuseIn(document: YamlDocument, problems: Problem[]): Refuse {
  return (path, message, hint) => void problems.push(yamlProblem(document, path, message, { hint }))
}

/** Something that a job reads, by name. */
export interface JobRef {
  readonly name: string
  readonly place: Place
}

/** The model that a key names; an empty name where it names none, which has been told then. */
export function readRef(
  document: YamlDocument,
  path: YamlPath,
  text: string,
  refuse: Refuse,
): { readonly ref: string; readonly refs: readonly JobRef[] } {
  const name = refOf(text)
  if (name !== null) return { ref: name, refs: [{ name, place: document.placeOf(path) }] }
  refuse(path, `'model' must name a model, not '${text}'`, "write the model's name, or ref('name')")
  return { ref: '', refs: [] }
}

/** The model's name in `name`, `ref('name')` or `{{ ref('name') }}`. */
function refOf(text: string): string | null {
  const inner = /^\{\{\s*(.*?)\s*\}\}$/.exec(text.trim())?.[1] ?? text.trim()
  const called = /^ref\(\s*(['"])([^'"]+)\1\s*\)$/.exec(inner)?.[2]
  if (called !== undefined) return called
  return /^[A-Za-z_][\w$]*$/.test(inner) ? inner : null
}

/** A template is rendered later, and checked then. */
export function checkInstant(path: YamlPath, text: string, refuse: Refuse): void {
  if (text.includes('{{') || isInstant(text)) return
  const key = String(path.at(-1))
  const hint = `write ${key}: '2026-03-01' or '2026-03-01T00:00:00Z'`
  refuse(path, `'${key}' must be a date or an ISO timestamp, not '${text}'`, hint)
}

/** A margin or smallest effect: on one of two scales. */
export function readMargin(
  path: YamlPath,
  yaml: MarginYaml | undefined,
  refuse: Refuse,
): NonInferiorityMargin | undefined {
  if (!yaml) return undefined
  const { relative, absolute } = yaml
  if (relative !== undefined && absolute !== undefined)
    refuse(path, `'${String(path.at(-1))}' has both relative and absolute`, 'keep one of them')
  if (relative !== undefined) return { relative }
  if (absolute !== undefined) return { absolute }
  refuse(path, `'${String(path.at(-1))}' says nothing`, 'write relative: 0.01 or absolute: 0.5')
  return undefined
}

/** Bounds of units' values. */
export function readCap(path: YamlPath, yaml: CapYaml | undefined, refuse: Refuse): MetricCap | undefined {
  if (!yaml) return undefined
  const { upper, lower, quantile: upperQuantile, lower_quantile: lowerQuantile } = yaml
  const both = (one: unknown, other: unknown) => one !== undefined && other !== undefined
  if (both(upper, upperQuantile)) refuse(path, "'cap' has both upper and quantile", 'keep one of them')
  if (both(lower, lowerQuantile)) refuse(path, "'cap' has both lower and lower_quantile", 'keep one of them')
  if (both(lower, upper) && lower! >= upper!) refuse(path, "'cap' has a lower bound above its upper one")
  if (both(lowerQuantile, upperQuantile) && lowerQuantile! >= upperQuantile!)
    refuse(path, "'cap' has a lower quantile above its upper one")
  if ([upper, lower, upperQuantile, lowerQuantile].every((bound) => bound === undefined))
    refuse(path, "'cap' says nothing", 'write quantile: 0.999 or upper: 1000')
  return {
    ...(upper !== undefined && { upper }),
    ...(lower !== undefined && { lower }),
    ...(upperQuantile !== undefined && { upperQuantile }),
    ...(lowerQuantile !== undefined && { lowerQuantile }),
  }
}

/** Names that must differ: the second of two is refused. */
export function refuseTwice(
  names: readonly string[],
  pathOf: (index: number) => YamlPath,
  what: string,
  refuse: Refuse,
): void {
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) refuse(pathOf(index), `${what} '${name}' is named twice`)
}

/** Columns that must be others than those with a part of their own. */
export function refuseTaken(
  key: string,
  columns: readonly string[],
  taken: Readonly<Record<string, string | undefined>>,
  refuse: Refuse,
): void {
  const named = { segments: 'segment', strata: 'stratum', covariates: 'covariate' }[key] ?? key
  refuseTwice(columns, (index) => [key, index], named, refuse)
  for (const [index, column] of columns.entries())
    for (const [role, own] of Object.entries(taken))
      if (column === own) refuse([key, index], `'${column}' is the column of the ${role}`)
}

/** `'a', 'b' and 'c'`. */
export function listed(names: readonly string[]): string {
  return quotedList(names, 'and')
}
