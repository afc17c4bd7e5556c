import { dbtVersion } from '../core/dbt-version.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { Package } from '../core/project.ts'

/** Warns of what asks for other versions of dbt than the one whose meanings templates have here. */
export function checkDbtVersion(packages: readonly Package[]): Problem[] {
  return packages.flatMap(({ name, config }) => {
    const broken = config.dbtVersions.filter((range) => !allows(range, dbtVersion))
    if (broken.length === 0) return []
    const message = `'${name}' asks for dbt ${broken.join(', ')}; templates mean here what they mean in dbt ${dbtVersion}`
    return [makeProblem('not-supported', message, { severity: 'warning' })]
  })
}

/** Whether a version is in a range such as `>=1.3.0`; a range that is not understood allows everything. */
export function allows(range: string, version: string): boolean {
  const [, operator = '=', wanted] = /^(>=|<=|>|<|=)?\s*v?(\d+(?:\.\d+)*)/.exec(range) ?? []
  if (wanted === undefined) return true
  const order = compared(version, wanted)
  switch (operator) {
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
    default:
      return order === 0
  }
}

function compared(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  for (let index = 0; index < 3; index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
