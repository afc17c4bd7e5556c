import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Problem } from '../core/problem.ts'
import type { Package, ProjectConfig } from '../core/project.ts'
import { findPackages, isInstalled } from './find-packages.ts'
import { readPackageList } from './package-list.ts'

/*
 * `estimand deps`: puts local packages where dbt looks for them, and says what of the others is there. Nothing is
 * fetched from the network.
 */

export interface PackageState {
  /** The package as packages.yml names it. */
  readonly written: string
  readonly state: 'linked' | 'copied' | 'present' | 'missing'
  /** Where it is, or where it is expected, relative to the project. */
  readonly folder: string
}

/** Links every local package into the packages' folder; a copy where links cannot be made, nothing where we only look. */
export function installPackages(
  root: string,
  config: ProjectConfig,
  problems: Problem[],
  { isCheckOnly = false }: { readonly isCheckOnly?: boolean } = {},
): PackageState[] {
  const found = findPackages(root, config, [])
  const installed = config.paths.packages
  return readPackageList(root, problems).map((entry): PackageState => {
    if (entry.kind === 'remote') {
      const there = found.find((part) => isInstalled(entry, part))
      const expected = `${installed}/${entry.name.replaceAll('-', '_')}`
      return {
        written: entry.written,
        state: there ? 'present' : 'missing',
        folder: there?.folder ?? expected,
      }
    }
    const source = resolve(root, entry.folder)
    const isSource = (folder: string) =>
      existsSync(source) && realpathSync(join(root, folder)) === realpathSync(source)
    const isCopy = (part: Package) => isInstalled({ name: basename(source) }, part)
    const local = found.find((part) => isSource(part.folder)) ?? found.find(isCopy)
    if (!local) return { written: entry.folder, state: 'missing', folder: entry.folder }
    if (isCheckOnly || !existsSync(source))
      return { written: entry.folder, state: 'present', folder: local.folder }
    const folder = `${installed}/${local.name}`
    return { written: entry.folder, state: link(source, join(root, folder)), folder }
  })
}

function link(source: string, destination: string): 'linked' | 'copied' | 'present' {
  mkdirSync(dirname(destination), { recursive: true })
  const way = relative(dirname(destination), source)
  const there = lstatSync(destination, { throwIfNoEntry: false })
  if (there?.isSymbolicLink()) {
    if (readlinkSync(destination) === way) return 'present'
    rmSync(destination)
  } else if (there) return 'present'
  try {
    symlinkSync(way, destination, 'dir')
    return 'linked'
  } catch {
    cpSync(source, destination, { recursive: true })
    return 'copied'
  }
}
