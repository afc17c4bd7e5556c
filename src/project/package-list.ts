import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { Problem } from '../core/problem.ts'
import type { SourceText } from '../core/project.ts'
import { checkYaml } from './check-yaml.ts'
import { packageListNames } from './package-list-names.ts'
import { readText } from './project-files.ts'
import { anyName, known, knownKeys } from './schema-pieces.ts'
import { parseYaml } from './yaml-document.ts'

/*
 * packages.yml and dependencies.yml: what a project builds on.
 */

/** A package as the list names it. */
export type PackageEntry =
  /** A folder, relative to the project that names it. */
  | { readonly kind: 'local'; readonly folder: string }
  /** One of the package hub, of a git repository or an archive: only there once it has been installed. */
  | { readonly kind: 'remote'; readonly name: string; readonly written: string }

const entrySchema = z.looseObject({
  local: anyName.optional(),
  package: anyName.optional(),
  git: anyName.optional(),
  tarball: anyName.optional(),
  private: anyName.optional(),
  name: anyName.optional(),
})

const listSchema = z.looseObject({
  packages: z
    .array(entrySchema)
    .nullish()
    .transform((packages) => packages ?? []),
  ...knownKeys('projects'),
  sha1_hash: known.optional(),
})

/** The packages that a folder's lists name; none when it has no list. */
export function readPackageList(root: string, problems: Problem[]): PackageEntry[] {
  return packageListNames
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) => {
      const file = readText(root, name, problems)
      return file ? entriesOf(file, problems) : []
    })
}

function entriesOf(file: SourceText, problems: Problem[]): PackageEntry[] {
  const document = parseYaml(file, problems)
  if (!document || document.value === null || document.value === undefined) return []
  const yaml = checkYaml(document, listSchema, problems, 'warning')
  return (yaml?.packages ?? []).flatMap((entry): PackageEntry[] => {
    if (entry.local !== undefined) return [{ kind: 'local', folder: entry.local }]
    const written = entry.package ?? entry.git ?? entry.private ?? entry.tarball
    if (written === undefined) return []
    return [{ kind: 'remote', name: entry.name ?? basename(written).replace(/\.git$/, ''), written }]
  })
}
