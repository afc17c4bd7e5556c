import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatProblem, ProblemError } from '../../src/core/problem.ts'
import type { Project } from '../../src/core/project.ts'
import { readProject } from '../../src/project/read-project.ts'

/** Files of a project by path; bytes where the content is not meant to be text. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** Writes the files to a new folder, with a smallest project.yml unless one is given, and removes it afterwards. */
export async function withProject<T>(files: Files, work: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'estimand-project-'))
  const isProject = Object.keys(files).some((path) => /^(dbt_)?project\.yml(\/|$)/.test(path))
  try {
    for (const [path, content] of Object.entries(
      isProject ? files : { 'project.yml': 'name: demo\n', ...files },
    )) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    return await work(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** The project that the files make. */
export function projectOf(files: Files): Promise<Project> {
  return withProject(files, readProject)
}

/** Everything that is wrong with the files, as a person sees it. */
export function problemsOf(files: Files): Promise<string[]> {
  return withProject(files, async (root) => {
    try {
      await readProject(root)
    } catch (error) {
      if (error instanceof ProblemError) return error.problems.map(formatProblem)
      throw error
    }
    return []
  })
}
