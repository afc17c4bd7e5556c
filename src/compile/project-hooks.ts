import type { ProjectHook, ProjectMoment } from '../core/manifest.ts'
import type { Package, Project } from '../core/project.ts'
import type { Resolver } from './resolve.ts'
import type { Templates } from './templates.ts'

/*
 * on-run-start and on-run-end of the project and its packages. For dbt each of their texts is a node of its own that
 * nobody can select: an operation.
 */

const words: Readonly<Record<ProjectMoment, string>> = {
  on_run_start: 'on-run-start',
  on_run_end: 'on-run-end',
}

/** The hooks in the order in which they run: those of packages by the packages' names, then the project's own. */
export function readProjectHooks(
  { packages, configPath }: Pick<Project, 'packages' | 'configPath'>,
  templates: Templates,
  resolver: Resolver,
): readonly ProjectHook[] {
  const { projectName } = templates
  const others = packages.filter(({ name }) => name !== projectName)
  const own = packages.filter(({ name }) => name === projectName)
  return [...others.sort((a, b) => (a.name < b.name ? -1 : 1)), ...own].flatMap((part) => {
    const file = part.folder === '.' ? configPath : `${part.folder}/dbt_project.yml`
    return momentsOf(part).map(({ sql, ...rest }) => ({
      ...rest,
      sql,
      file,
      dependsOn: readsOf(sql, file, part.name, templates, resolver),
    }))
  })
}

function momentsOf({ name, config }: Package) {
  const texts: Readonly<Record<ProjectMoment, readonly string[]>> = {
    on_run_start: config.onRunStart,
    on_run_end: config.onRunEnd,
  }
  return (['on_run_start', 'on_run_end'] as const).flatMap((moment) =>
    texts[moment].map((sql, index) => {
      const hook = `${name}-${words[moment]}-${index}`
      return { id: `operation.${name}.${hook}`, name: hook, package: name, moment, tag: words[moment], sql }
    }),
  )
}

/** What its references mean; one that means nothing is told when the hook runs. */
function readsOf(
  sql: string,
  file: string,
  packageName: string,
  templates: Templates,
  resolver: Resolver,
): ProjectHook['dependsOn'] {
  if (!/\b(?:ref|source)\b/.test(sql)) return []
  const place = { file, line: 1, column: 1 }
  const { reads } = templates.captureArguments({ sql }, place, packageName)
  return [...new Set(reads.flatMap((read) => resolver.read(read, packageName) ?? []))]
}
