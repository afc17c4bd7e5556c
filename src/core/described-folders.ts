import type { ProjectConfig } from './project.ts'

/** The folders of a package below which YAML may describe what is there. */
export function describedFolders(paths: ProjectConfig['paths']): readonly string[] {
  return [
    paths.models,
    paths.seeds,
    paths.snapshots,
    paths.analyses,
    paths.functions,
    paths.macros,
    paths.tests,
  ].flat()
}
