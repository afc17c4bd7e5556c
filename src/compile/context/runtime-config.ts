import type { Target } from '../../core/manifest.ts'
import type { Package, ProjectConfig } from '../../core/project.ts'
import { Dict, type Value } from '../dialect/index.ts'
import { namesValue } from './context.ts'
import { objectValue } from './object-value.ts'

/*
 * `builtins.ref.config`: the inside of dbt that packages reach through a back door, to learn the project's name, its
 * vars and the versions of its packages.
 */

export interface RuntimeConfigSource {
  readonly projectName: string
  readonly target: Target
  readonly vars: Readonly<Record<string, unknown>>
  readonly packages: readonly Package[]
}

/** The part of it that packages read. */
export function runtimeConfigValue({ projectName, target, vars, packages }: RuntimeConfigSource): Value {
  const attributes: Readonly<Record<string, () => Value>> = {
    project_name: () => projectName,
    profile_name: () => target.profileName ?? target.name,
    target_name: () => target.name,
    threads: () => target.threads,
    version: () => packages.find(({ name }) => name === projectName)?.config.version ?? '',
    vars: () => objectValue('VarProvider', vars, vars),
    args: () => new Dict(),
    cli_vars: () => new Dict(),
    dependencies: () => Dict.of(packages.map(({ name, config }) => [name, dependency(name, config)])),
  }
  return named('RuntimeConfig', attributes)
}

function dependency(name: string, { version, vars }: ProjectConfig): Value {
  return named('RuntimeConfig', {
    project_name: () => name,
    version: () => version,
    vars: () => objectValue('VarProvider', vars, vars),
  })
}

function named(type: string, attributes: Readonly<Record<string, () => Value>>): Value {
  return namesValue(
    type,
    (name) => (Object.hasOwn(attributes, name) ? attributes[name]!() : undefined),
    () => Object.keys(attributes),
  )
}
