import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { Problem } from '../core/problem.ts'
import type { TestSpec } from '../core/project.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * The forms in which a generic test is declared. All say: a test, its arguments, its config.
 *
 *   - not_null
 *   - accepted_values: {arguments: {values: [a, b]}, config: {severity: warn}}
 *   - accepted_values: {values: [a, b], severity: warn}
 *   - {test_name: accepted_values, name: known_states, values: [a, b]}
 */

/** Config that may stand beside a test's arguments. */
const inlineConfigKeys = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'sql_header',
  'meta',
  'database',
  'schema',
  'alias',
] as const

/** Keys that say something about the test and are no arguments of it. */
const aboutKeys = ['name', 'description', 'config', 'arguments'] as const

type Mapping = Readonly<Record<string, unknown>>

const testName = /^([A-Za-z_]\w*\.)?[A-Za-z_]\w*$/

/** Reads the list under `tests:` or `data_tests:`; entries that are no test go to `problems`. */
export function readTests(
  document: YamlDocument,
  path: YamlPath,
  entries: readonly unknown[],
  problems: Problem[],
): TestSpec[] {
  return entries.flatMap((entry, index) => readTest(document, [...path, index], entry, problems) ?? [])
}

function readTest(
  document: YamlDocument,
  path: YamlPath,
  entry: unknown,
  problems: Problem[],
): TestSpec | null {
  // Most are a name and nothing else.
  if (typeof entry === 'string' && testName.test(entry))
    return { test: entry, description: '', args: {}, config: {}, place: document.placeOf(path) }
  const named = nameOfTest(document, path, entry, problems)
  if (!named) return null
  const { test, body, bodyPath } = named
  const found = problems.length
  const refuse = (key: string, message: string, hint?: string) =>
    problems.push(yamlProblem(document, [...bodyPath, key], message, { hint }))

  if (!testName.test(test)) problems.push(yamlProblem(document, path, `'${test}' is no name of a test`))
  for (const key of ['config', 'arguments'])
    if (body[key] != null && !isMapping(body[key])) refuse(key, `'${key}' must be a mapping (key: value)`)
  for (const key of ['name', 'description'])
    if (body[key] != null && typeof body[key] !== 'string') refuse(key, `'${key}' must be text`)
  const args = argumentsOf(body)
  if ('model' in args)
    refuse('model', "a test may not set 'model'", 'it is always the node that the test is declared on')
  const config = configOf(body)
  for (const key of Object.keys(mappingOr(body['config'])))
    if (body[key] != null && isInlineConfig(key))
      refuse(key, `'${key}' stands both beside and inside 'config'`)
  checkSeverity(config, refuse)
  if (problems.length > found) return null
  const { name, description } = { ...body, ...mappingOr(body['arguments']) }
  const about = {
    ...(typeof name === 'string' && { name }),
    description: typeof description === 'string' ? description : '',
  }
  return {
    test,
    ...about,
    args,
    config,
    place: document.placeOf(path),
  }
}

/** The test's name and the mapping that holds everything else about it. */
function nameOfTest(
  document: YamlDocument,
  path: YamlPath,
  entry: unknown,
  problems: Problem[],
): { readonly test: string; readonly body: Mapping; readonly bodyPath: YamlPath } | null {
  const refuse = (message: string, hint?: string, at = path) => {
    problems.push(yamlProblem(document, at, message, { hint }))
    return null
  }
  const forms = 'write a name (- not_null) or a name with its arguments (- accepted_values: {values: [a, b]})'
  if (typeof entry === 'string') return { test: entry, body: {}, bodyPath: path }
  if (!isMapping(entry)) return refuse('a test must be a name or a mapping', forms)
  if ('test_name' in entry) {
    const { test_name: test, ...body } = entry
    if (typeof test !== 'string') return refuse("'test_name' must be text", undefined, [...path, 'test_name'])
    return { test, body, bodyPath: path }
  }
  const keys = Object.keys(entry)
  if (keys.length !== 1)
    return refuse(
      `a test has one name, but here stand ${quotedList(keys, 'and')}`,
      keys.length > 1 ? `indent what belongs to '${keys[0]}' below it` : forms,
    )
  const test = keys[0]!
  const body = entry[test] ?? {}
  if (!isMapping(body))
    return refuse(`the arguments of '${test}' must be a mapping (key: value)`, undefined, [...path, test])
  return { test, body, bodyPath: [...path, test] }
}

function argumentsOf(body: Mapping): Mapping {
  const besides = Object.entries(body).filter(
    ([key]) => !isInlineConfig(key) && !(aboutKeys as readonly string[]).includes(key),
  )
  const named = Object.entries(mappingOr(body['arguments'])).filter(
    ([key]) => !isInlineConfig(key) && key !== 'name' && key !== 'description',
  )
  return Object.fromEntries([...besides, ...named])
}

/** What dbt takes for config counts as that wherever it stands, also among the arguments. */
function configOf(body: Mapping): Mapping {
  const written = [...Object.entries(body), ...Object.entries(mappingOr(body['arguments']))]
  const inline = written.filter(([key, value]) => isInlineConfig(key) && value != null)
  return { ...Object.fromEntries(inline), ...mappingOr(body['config']) }
}

function checkSeverity(config: Mapping, refuse: (key: string, message: string, hint?: string) => void): void {
  const { severity } = config
  if (severity === undefined) return
  const isTemplate = typeof severity === 'string' && severity.includes('{{')
  if (isTemplate || (typeof severity === 'string' && /^(error|warn)$/i.test(severity))) return
  const hint = didYouMean(String(severity), ['error', 'warn'])
  refuse('severity', `'severity' must be 'error' or 'warn', not '${String(severity)}'`, hint)
}

function isInlineConfig(key: string): boolean {
  return (inlineConfigKeys as readonly string[]).includes(key)
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mappingOr(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}
