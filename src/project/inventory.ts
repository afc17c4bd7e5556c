import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Problem } from '../core/problem.ts'
import type { Package } from '../core/project.ts'
import { readIgnore } from './dbt-ignore.ts'
import { projectFileNames } from './find-project-root.ts'
import { folderKinds, readExtensions } from './package-files.ts'
import { packageListNames } from './package-list-names.ts'
import { listFiles } from './project-files.ts'

/*
 * Everything that a project is read from, without reading it: the files that readProject opens, and those that it
 * would open if they were there. As long as the inventory is the same, so is the project. Whoever makes readProject
 * look at another file has to name it here.
 */

/** What the disk tells of each file without opening it, by its path relative to the root; null where there is none. */
export type Inventory = ReadonlyMap<string, string | null>

export interface InventoryScope {
  /** The project itself, then its packages. */
  readonly packages: readonly Pick<Package, 'folder' | 'config'>[]
  /** Code that loads are made from, which lies anywhere in the project. */
  readonly modules: readonly string[]
}

/** Files that stand in the project's folder or in that of a package, where they stand at all. */
const namedFiles = [
  ...projectFileNames,
  ...packageListNames,
  'vars.yml',
  'selectors.yml',
  'selectors.yaml',
  '.dbtignore',
]

/** Looks at the disk; null when a folder cannot be read. */
export function takeInventory(root: string, { packages, modules }: InventoryScope): Inventory | null {
  const paths = new Set<string>(modules)
  for (const { folder, config } of packages) {
    for (const name of namedFiles) paths.add(posix.join(folder, name))
    const files = packageFiles(join(root, folder), config.paths)
    if (files === null) return null
    for (const path of files) paths.add(folder === '.' ? path : posix.join(folder, path))
  }
  for (const folder of installedFolders(root, packages[0]!.config.paths.packages))
    paths.add(posix.join(folder, 'dbt_project.yml'))
  return new Map([...paths].map((path) => [path, stampOf(join(root, path))]))
}

function packageFiles(packageRoot: string, paths: Package['config']['paths']): string[] | null {
  const problems: Problem[] = []
  const folders = new Set(folderKinds.flatMap((kind) => paths[kind]))
  const files = listFiles(packageRoot, [...folders], readExtensions, problems)
  const isIgnored = readIgnore(packageRoot)
  return problems.length > 0 ? null : files.filter((path) => !isIgnored(path))
}

function installedFolders(root: string, packagesPath: string): string[] {
  const installed = join(root, packagesPath)
  if (!existsSync(installed)) return []
  return readdirSync(installed).map((name) => posix.join(packagesPath, name))
}

/** Two files with the same stamp have the same content, unless they were written within one tick of the clock. */
export function stampOf(path: string): string | null {
  try {
    const info = statSync(path, { bigint: true, throwIfNoEntry: false })
    return info?.isFile() ? `${info.mtimeNs} ${info.ctimeNs} ${info.size} ${info.ino}` : null
  } catch {
    // What cannot be looked at cannot be read either, which reading the project tells.
    return null
  }
}

/**
 * Whether a file was left alone from `since` on, so that its stamp tells any later change. Clocks of disks tick every
 * few milliseconds; some count whole seconds.
 */
export function isSettled(stamp: string, since: Date): boolean {
  const [modified = 0n, changed = 0n] = stamp.split(' ', 2).map(BigInt)
  const ticksMs = modified % 1_000_000n === 0n ? 2_100 : 100
  const limit = BigInt(since.getTime() - ticksMs) * 1_000_000n
  return modified < limit && changed < limit
}
