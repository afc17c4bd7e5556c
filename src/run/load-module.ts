import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { makeProblem, ProblemError } from '../core/problem.ts'

/*
 * A project's own TypeScript is loaded as it is, without a build step. Whatever version of this package the
 * project might find, `import … from 'estimand'` gives the one that is running.
 */

/** The compiled package, also when this file runs from source in a test. */
const packageRoot = fileURLToPath(new URL('../../', import.meta.url))

/** A compiled module of this package by its path below dist/, for a worker thread to run. */
export function compiledModule(path: string): URL {
  return new URL(`../../dist/${path}`, import.meta.url)
}

/** Loads a module of the project and returns its default export; throws a problem when there is none. */
export async function loadDefaultExport<T>(projectRoot: string, module: string): Promise<T> {
  const file = join(projectRoot, module)
  const place = { file: module, line: 1, column: 1 }
  if (!existsSync(file))
    throw new ProblemError(
      makeProblem('load-failed', `there is no module ${module}`, {
        hint: 'the path stands under module: in the YAML of the load',
      }),
    )
  const jiti = createJiti(join(projectRoot, 'package.json'), {
    alias: { estimand: join(packageRoot, 'dist', 'index.js') },
    fsCache: join(projectRoot, '.estimand', 'cache', 'modules'),
    // Modules are what they export: in a proxy, each use of an import takes longer than what it calls.
    interopDefault: false,
  })
  let exported: { default?: T }
  try {
    exported = await jiti.import<{ default?: T }>(file)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ProblemError(makeProblem('load-failed', `the module cannot be loaded: ${message}`, { place }), {
      cause: error,
    })
  }
  if (exported.default === undefined)
    throw new ProblemError(
      makeProblem('load-failed', 'the module has no default export', {
        place,
        hint: 'export default defineGenerator({ … })',
      }),
    )
  return exported.default
}
