import type { Project, ProjectConfig } from '../core/project.ts'
import { type Config, isMap } from './config-tree.ts'

/**
 * The vars that templates of a package see. What the command line says wins over the project's vars for that
 * package, these over the project's vars for all, and these over what the package itself sets.
 */
export function makePackageVars(
  {
    config,
    packages,
  }: { readonly config: Pick<ProjectConfig, 'vars'>; readonly packages: Project['packages'] },
  commandLine: Config,
): (packageName: string) => Config {
  const known = new Map<string, Config>()
  const scoped = (vars: Config, packageName: string): Config => {
    const own = vars[packageName]
    // What is said for a package also counts as a var of its name.
    return { ...vars, ...(isMap(own) && own) }
  }
  return (packageName) => {
    const before = known.get(packageName)
    if (before) return before
    const itself = packages.find(({ name }) => name === packageName)?.config.vars ?? {}
    const vars = { ...scoped(itself, packageName), ...scoped(config.vars, packageName), ...commandLine }
    known.set(packageName, vars)
    return vars
  }
}
