import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/*
 * Published data sets with their results lie outside of the repository. Tests that need one find it through
 * ESTIMAND_REFERENCE_DIR; where the folder is absent they say so and are skipped, unless
 * ESTIMAND_REFERENCE_REQUIRED is set, as it is in continuous integration.
 */

const folder = resolve(process.env.ESTIMAND_REFERENCE_DIR ?? '../shared/reference')

/** Whether reference data can be read here. Throws when it must be there and is not. */
export function hasReferenceData(): boolean {
  if (existsSync(folder)) return true
  if (process.env.ESTIMAND_REFERENCE_REQUIRED)
    throw new Error(`the reference data is required and not at ${folder}`)
  console.warn(
    `no reference data at ${folder}: tests against published results are skipped (set ESTIMAND_REFERENCE_DIR)`,
  )
  return false
}

/** The path of a file of the reference data. */
export function referenceFile(name: string): string {
  return join(folder, name)
}
