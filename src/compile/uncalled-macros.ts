import { makeProblem, type Problem } from '../core/problem.ts'
import type { Templates } from './templates.ts'

/*
 * Macros by which dbt does what is done without macros here. A project that puts its own in their place would wait for
 * their effect in vain, so it is told.
 */

const unitTests = 'the rows of unit tests are made without macros'
const clones = 'clone works without macros'
const catalog = 'the catalog of docs generate is read without macros'
const steps = 'builds are put in place without it'

const uncalled: Readonly<Record<string, string>> = {
  get_expected_sql: unitTests,
  get_fixture_sql: unitTests,
  materialization_unit: unitTests,
  materialization_clone: clones,
  get_catalog_for_single_relation: catalog,
  get_incremental_microbatch_sql: 'batches of microbatch models are put into their table without macros',
  make_backup_relation: steps,
  make_intermediate_relation: steps,
  list_relations_without_caching: 'relations are looked up without it',
}

/** What to tell of macros that would take the place of dbt's there, in the packages that may replace those. */
export function uncalledMacros({ macros, projectName, dispatchedTo }: Templates): readonly Problem[] {
  const homes = new Set([projectName, ...dispatchedTo('dbt')].filter((home) => home !== 'dbt'))
  return [...homes].flatMap((home) =>
    macros.namesIn(home).flatMap((name) => {
      const reason = uncalled[plainName(name)]
      const block = macros.inPackage(home, name)
      if (reason === undefined || !block) return []
      const message = `macro '${name}' takes the place of dbt's, and Estimand does not call it: ${reason}`
      return [makeProblem('not-supported', message, { severity: 'warning', place: block.place })]
    }),
  )
}

function plainName(name: string): string {
  return name
    .replace(/^(?:postgres|default)__/, '')
    .replace(/^(materialization_\w+?)_(?:postgres|default)$/, '$1')
}
