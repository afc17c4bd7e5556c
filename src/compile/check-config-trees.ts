import { isMap as isYamlMap, LineCounter, parseDocument } from 'yaml'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, type Place, type Problem } from '../core/problem.ts'
import type { ConfigTreeName, Project } from '../core/project.ts'
import { isMap } from './config-tree.ts'
import { hasOwnConfig } from './nodes/analysis-drafts.ts'
import type { Draft } from './nodes/draft.ts'

/*
 * Config in the project's file for folders and nodes that are not there: it configures nothing, most often because
 * a folder was renamed or a name is misspelled.
 */

type Path = readonly string[]

/** The kinds of nodes that a tree configures. */
const kindsOf: Readonly<Record<ConfigTreeName, readonly string[]>> = {
  models: ['model', 'analysis'],
  seeds: ['seed'],
  snapshots: ['snapshot'],
  tests: ['test'],
  unit_tests: ['unit_test'],
  sources: ['source'],
  exposures: ['exposure'],
  metrics: ['metric'],
  semantic_models: ['semantic_model'],
  saved_queries: ['saved_query'],
  analyses: ['analysis'],
  functions: ['function'],
  jobs: ['job', 'job_table'],
  loads: ['load'],
}

/** What the file calls a tree. */
const writtenAs = (tree: ConfigTreeName): Path =>
  tree === 'tests' ? ['tests', 'data_tests'] : [tree, tree.replaceAll('_', '-')]

/** Config whose values are mappings: without a plus it is taken for a folder. */
const mappings = new Set([
  'column_types',
  'contract',
  'docs',
  'freshness',
  'grants',
  'meta',
  'persist_docs',
  'quoting',
  'snapshot_meta_column_names',
])

/** Warns of the paths that lead to no node; nodes that are switched off count. */
export function unusedConfig(
  { config, configPath }: Pick<Project, 'config' | 'configPath'>,
  drafts: readonly Draft[],
  textOf: (file: string) => string | undefined,
): Problem[] {
  const text = textOf(configPath)
  return (Object.keys(kindsOf) as ConfigTreeName[]).flatMap((tree) => {
    // Unit tests are made from what they test, and have no draft; analyses may have no config of their own.
    if (tree === 'unit_tests' || (tree === 'analyses' && !hasOwnConfig(config))) return []
    const fqns = drafts
      .filter(({ node }) => kindsOf[tree].includes(node.resourceType))
      .map(({ node }) => node.fqn)
    return pathsIn(config.configTrees[tree])
      .filter((path) => path.length > 0 && !fqns.some((fqn) => startsWith(fqn, path)))
      .map((path) => {
        const key = writtenAs(tree).find((name) => text?.includes(`${name}:`)) ?? tree
        const message = `${[key, ...path].join('.')} configures nothing: there is no such folder or node`
        const hint = hintFor(path, fqns)
        return makeProblem('config-unused', message, {
          severity: 'warning',
          place: placeOf([key, ...path], configPath, text),
          ...(text !== undefined && { source: text }),
          ...(hint !== undefined && { hint }),
        })
      })
  })
}

/** Every path below which config stands. */
export function pathsIn(tree: Readonly<Record<string, unknown>>, path: Path = []): Path[] {
  const inner = Object.entries(tree).flatMap(([key, value]) =>
    isMap(value) && !key.startsWith('+') ? pathsIn(value, [...path, key]) : [],
  )
  const isConfig = ([key, value]: [string, unknown]): boolean => key.startsWith('+') || !isMap(value)
  return Object.entries(tree).some(isConfig) ? [path, ...inner] : inner
}

/** Whether a node stands below a path. */
export function startsWith(fqn: Path, path: Path): boolean {
  return path.length <= fqn.length && path.every((part, index) => fqn[index] === part)
}

/** The first part that leads nowhere, and what there is in its place. */
function hintFor(path: Path, fqns: readonly Path[]): string | undefined {
  const at = path.findIndex((_, index) => !fqns.some((fqn) => startsWith(fqn, path.slice(0, index + 1))))
  const part = path[at]!
  if (mappings.has(part.replaceAll('-', '_'))) return `write '+${part}' if config is meant`
  const siblings = fqns.filter((fqn) => startsWith(fqn, path.slice(0, at))).flatMap((fqn) => fqn[at] ?? [])
  return didYouMean(part, [...new Set(siblings)])
}

/** Where the path stands in the file; the start of it where that cannot be told. */
function placeOf(path: Path, file: string, text: string | undefined): Place {
  const start = { file, line: 1, column: 1 }
  if (text === undefined) return start
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.1' })
  const owner = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1))
  if (!isYamlMap(owner)) return start
  const pair = owner.items.find(({ key }) => String(key) === path.at(-1))
  const offset = (pair?.key as { readonly range?: readonly [number, number, number] } | undefined)?.range?.[0]
  if (offset === undefined) return start
  const { line, col } = lines.linePos(offset)
  return { file, line, column: col }
}
