import type { Problem } from '../core/problem.ts'
import type { Origin } from '../core/project.ts'
import type { UnknownKeys } from './check-yaml.ts'
import { readText } from './project-files.ts'
import { type Properties, readProperties } from './read-properties.ts'

/** A YAML file beside nodes, as it was found when the project was read. */
export interface PropertiesFile extends Origin {
  readonly path: string
  /** Whether it is the project's own file and not that of a package. */
  readonly isOwn: boolean
}

/** Reads one such file again as readProject does; null when there is something to tell about it. */
export function rereadProperties(
  root: string,
  { path, isOwn, ...origin }: PropertiesFile,
  unknownKeys: UnknownKeys,
): Properties | null {
  const problems: Problem[] = []
  const file = readText(root, path, problems)
  if (!file || file.text.trim() === '') return null
  const said = readProperties({ ...file, ...origin }, isOwn ? unknownKeys : 'warning', problems)
  return problems.some(({ severity }) => isOwn || severity === 'error') ? null : said
}
