import type { DagDependency, DagTriggers } from '../core/dag.ts'
import type { Problem } from '../core/problem.ts'
import { environmentVariable } from './check-dag-templates.ts'
import { checkYamlPart } from './check-yaml.ts'
import { type DagYaml, dependencySchema } from './dag-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * What starts a DAG besides its schedule, and what it waits for.
 */

/** The entries of a list, or the one value that stands in its place, each with its path. */
export function entriesOf(path: YamlPath, value: unknown): (readonly [path: YamlPath, entry: unknown])[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value.map((entry, index) => [[...path, index], entry]) : [[path, value]]
}

/** DAGs that are named, each as a text or with what has to have become of it. */
export function readDependencies(
  document: YamlDocument,
  path: YamlPath,
  value: unknown,
  problems: Problem[],
): DagDependency[] {
  return entriesOf(path, value).flatMap(([at, entry]) => {
    const written = typeof entry === 'string' ? { dag: entry } : entry
    return checkYamlPart(document, at, written, dependencySchema, problems, 'error') ?? []
  })
}

/** The `triggers:` of a DAG. */
export function readDagTriggers(
  document: YamlDocument,
  { triggers }: DagYaml,
  problems: Problem[],
): DagTriggers {
  const token = triggers?.webhook?.token
  const tokenEnv = token === undefined ? null : environmentVariable(token)
  if (token !== undefined && tokenEnv === null)
    problems.push(
      // Without the line, which may hold the secret and is not to be printed.
      {
        ...yamlProblem(
          document,
          ['triggers', 'webhook', 'token'],
          "'token' must be {{ env_var('…') }}: secrets stand in no file",
        ),
        sourceLine: undefined,
      } as Problem,
    )
  return {
    afterDags: readDependencies(document, ['triggers', 'after'], triggers?.after, problems),
    newData: triggers?.new_data ?? [],
    webhook: tokenEnv === null ? null : { tokenEnv },
  }
}
