import type { Place, Problem } from '../core/problem.ts'
import { type Config, configKey, isMap } from './config-tree.ts'
import { type Context, hostFunction, type NameSource, raise, toJs } from './dialect/index.ts'
import type { Docs } from './docs.ts'
import { templateProblem } from './template-problem.ts'
import type { Templates } from './templates.ts'

/*
 * Values of YAML may be templates: `+enabled: "{{ var('with_orders', true) }}"`. They are rendered once, to what the
 * template says and not to its text; hooks and a query that tells freshness are SQL and rendered when they are run.
 */

export interface YamlValues {
  /** A config tree of a project file, which sees only vars of the command line, as in dbt. */
  projectTree(tree: Config, packageName: string, folder: string, problems: Problem[]): Config
  config(config: Config, from: Declaration, problems: Problem[]): Config
  /** A text such as a schema's name. */
  text(text: string, from: Declaration, problems: Problem[]): string
  /** Any value, as deep as it goes. */
  value(value: unknown, from: Declaration, problems: Problem[]): unknown
  /** A description, in which doc('name') stands for a docs block. */
  description(text: string, from: Declaration, problems: Problem[]): string
  /** The ids of the docs blocks that a description takes over, as far as it names them. */
  docBlocks(text: string, from: Declaration): readonly string[]
}

/** Where a value was declared. */
export interface Declaration {
  readonly package: string
  readonly place: Place
}

const renderedLater = new Set([
  'pre_hook',
  'post_hook',
  'loaded_at_query',
  'on_run_start',
  'on_run_end',
  'sql_header',
])

export function makeYamlValues(templates: Templates, docs: Docs, treeVars: Config): YamlValues {
  const { dialect, options } = templates
  const namesOf = once((packageName) => templates.plainNames(packageName))
  const treeNamesOf = once((packageName) => templates.plainNames(packageName, treeVars))
  const descriptionNamesOf = once((packageName) => withDoc(namesOf(packageName), docs, packageName))

  const render = (text: string, names: NameSource | Context, place: Place, problems: Problem[]): unknown => {
    try {
      return toJs(dialect.renderNative(dialect.parse(text, place.file), names))
    } catch (error) {
      // The template is a part of the file, so its own lines mean nothing there.
      const { sourceLine: _, ...problem } = templateProblem(error, () => undefined)
      const line = options.textOf(place.file)?.split('\n')[place.line - 1]
      problems.push({ ...problem, place, ...(line !== undefined && { sourceLine: line }) })
      return text
    }
  }
  const deep = (value: unknown, names: Context, place: Place, problems: Problem[]): unknown => {
    if (typeof value === 'string')
      return isTemplate(value) ? render(value, names, place, problems) : value.replace(/\n$/, '')
    if (!isRendered(value)) return value
    if (Array.isArray(value)) return value.map((item) => deep(item, names, place, problems))
    const entries = Object.entries(value as Config).map(([key, item]) => [
      key,
      renderedLater.has(configKey(key)) ? item : deep(item, names, place, problems),
    ])
    return Object.fromEntries(entries)
  }
  const declared = (value: unknown, from: Declaration, problems: Problem[]) =>
    isRendered(value) ? deep(value, namesOf(from.package), from.place, problems) : value
  return {
    projectTree: (tree, packageName, folder, problems) => {
      if (!isRendered(tree)) return tree
      const file = folder === '.' ? 'dbt_project.yml' : `${folder}/dbt_project.yml`
      return deep(tree, treeNamesOf(packageName), { file, line: 1, column: 1 }, problems) as Config
    },
    config: (config, from, problems) => declared(config, from, problems) as Config,
    text: (text, from, problems) => String(declared(text, from, problems)),
    value: declared,
    description: (text, from, problems) =>
      isTemplate(text) ? String(render(text, descriptionNamesOf(from.package), from.place, problems)) : text,
    docBlocks: (text, from) => (isTemplate(text) ? blocksIn(text, from, docs) : []),
  }
}

/** The blocks that a text calls by their names; of one that is not there rendering tells. */
function blocksIn(text: string, from: Declaration, docs: Docs): string[] {
  const calls = [...text.matchAll(docCall)].map(([, first, second]) => [first!, second] as const)
  return calls.flatMap(([first, second]) => {
    const found =
      second === undefined ? docs.find(from.package, first) : docs.find(from.package, second, first)
    return found ? [found.id] : []
  })
}

const docCall = /\bdoc\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?\)/g

function withDoc(names: Context, docs: Docs, packageName: string): NameSource {
  const doc = hostFunction('doc', (args) => {
    const [first, second] = args.map(String)
    const found =
      second === undefined ? docs.find(packageName, first!) : docs.find(packageName, second, first)
    return found?.contents ?? raise('TemplateRuntimeError', `there is no docs block '${second ?? first}'`)
  })
  return { lookup: (name, from) => (name === 'doc' ? doc : names.find(name, from)) }
}

function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#')
}

/** Whether rendering a value makes another of it: of a text also where it ends in a line break, which is no part of it. */
function isRendered(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value) || value.endsWith('\n')
  if (Array.isArray(value)) return value.some(isRendered)
  return isMap(value) && Object.values(value).some(isRendered)
}

/** Whether a value is, or holds, a template. */
export function holdsTemplate(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value)
  if (Array.isArray(value)) return value.some(holdsTemplate)
  return isMap(value) && Object.values(value).some(holdsTemplate)
}

function once<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}
