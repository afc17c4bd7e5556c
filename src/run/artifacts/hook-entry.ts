import { hookData } from '../../compile/context/hook-value.ts'
import type { ProjectHook } from '../../core/manifest.ts'
import type { ArtifactScope } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'

/** A hook of a project as the node of dbt's that it is. */
export function hookEntry(hook: ProjectHook, scope: ArtifactScope): Entry {
  const { manifest, options, idOf } = scope
  const { depends_on: _, ...data } = hookData(hook, manifest, options.target)
  return {
    ...data,
    created_at: options.generatedAt.getTime() / 1000,
    depends_on: { macros: scope.macrosIn(hook.sql, hook.package), nodes: hook.dependsOn.map(idOf) },
    compiled_path: null,
    index: manifest.hooks.filter(({ moment }) => moment === hook.moment).indexOf(hook),
  }
}
