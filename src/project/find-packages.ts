import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join, posix, relative, resolve, sep } from 'node:path'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { Package, ProjectConfig } from '../core/project.ts'
import { type PackageEntry, readPackageList } from './package-list.ts'
import { packageListNames } from './package-list-names.ts'
import { readText } from './project-files.ts'
import { readProjectConfig } from './read-project-config.ts'
import { withVarsFile } from './read-vars-file.ts'

/*
 * The packages that a project builds on: those that lie in dbt_packages/, and those that packages.yml names by
 * their folder, which are read where they are and need no installing. Where a copy of such a one lies in
 * dbt_packages/, the copy is read, as dbt does: it is there without its original in an image that was built from it.
 */

const packageConfig = 'dbt_project.yml'

/** The project's packages by name; one that is listed and nowhere to be found is a problem. */
export function findPackages(root: string, config: ProjectConfig, problems: Problem[]): Package[] {
  const found = new Map<string, Package>()
  const folders = new Set([realpathSync(root)])
  const installed = new Set(installedFolders(root, config))
  const listed: PackageEntry[] = []
  const add = (folder: string): void => {
    const real = realpathSync(join(root, folder))
    if (folders.has(real)) return
    folders.add(real)
    const package_ = readPackage(root, folder, problems)
    if (!package_) return
    const first = found.get(package_.name)
    if (!first) found.set(package_.name, package_)
    else if (installed.has(folder) || !installed.has(first.folder)) problems.push(namedTwice(package_, first))
  }
  const follow = (folder: string): void => {
    for (const entry of readPackageList(join(root, folder), problems)) {
      listed.push(entry)
      if (entry.kind !== 'local') continue
      const local = localFolder(root, folder, entry.folder)
      if (!existsSync(join(root, local, packageConfig))) {
        const isCopied = [...found.values()].some((part) =>
          isInstalled({ name: posix.basename(local) }, part),
        )
        if (!isCopied) problems.push(notThere(entry.folder, folder))
      } else if (!folders.has(realpathSync(join(root, local)))) {
        add(local)
        follow(local)
      }
    }
  }
  for (const folder of installed) add(folder)
  follow('.')
  problems.push(...missing(listed, [...found.values()], config))
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function installedFolders(root: string, { paths }: ProjectConfig): string[] {
  const installed = join(root, paths.packages)
  if (!existsSync(installed)) return []
  return readdirSync(installed)
    .sort()
    .map((name) => posix.join(paths.packages, name))
    .filter((folder) => existsSync(join(root, folder, packageConfig)))
}

function readPackage(root: string, folder: string, problems: Problem[]): Package | null {
  const file = readText(root, posix.join(folder, packageConfig), problems)
  if (!file) return null
  // What is odd in somebody else's project file is theirs to mend.
  const own: Problem[] = []
  const config = readProjectConfig(file, 'warning', own)
  problems.push(...own.filter(({ severity }) => severity === 'error'))
  return config && { name: config.name, folder, config: withVarsFile(root, folder, config, problems) }
}

/** The folder of a local package relative to the project's root. */
function localFolder(root: string, from: string, folder: string): string {
  const path = relative(root, resolve(root, from, folder))
    .split(sep)
    .join('/')
  return path === '' ? '.' : path
}

function notThere(folder: string, from: string): Problem {
  const file = packageListNames.join(' or ')
  return makeProblem('package-missing', `there is no ${packageConfig} in ${folder}`, {
    hint: `${file} in ${from} names it as a local package`,
  })
}

function namedTwice({ name, folder }: Package, first: Package): Problem {
  return makeProblem('name-duplicate', `two packages are called '${name}': ${first.folder} and ${folder}`)
}

/** Whether a package that was found is the one that the list names. */
export function isInstalled(entry: { readonly name: string }, { name, folder }: Package): boolean {
  return [name, posix.basename(folder)].some((one) => folded(one) === folded(entry.name))
}

function missing(
  listed: readonly PackageEntry[],
  found: readonly Package[],
  { paths }: ProjectConfig,
): Problem[] {
  const remote = listed.filter((entry) => entry.kind === 'remote')
  const lost = [...new Map(remote.map((entry) => [folded(entry.name), entry])).values()].filter(
    (entry) => !found.some((part) => isInstalled(entry, part)),
  )
  // The name inside a repository may differ from that of the repository: then counting is all that can be done.
  const distinct = new Set(listed.map((entry) => folded(entry.kind === 'local' ? entry.folder : entry.name)))
  if (found.length >= distinct.size) return []
  return lost.map(({ name, written }) =>
    makeProblem('package-missing', `package '${written}' is not in ${paths.packages}/`, {
      hint: `copy its files to ${paths.packages}/${name.replaceAll('-', '_')}; estimand deps shows what is needed`,
    }),
  )
}

function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/^dbt[-_]/, '')
    .replaceAll('-', '_')
}
