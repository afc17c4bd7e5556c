import type { Dag } from '../core/dag.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, type Problem } from '../core/problem.ts'

/*
 * What DAGs say about each other: names that only one may have, others that are waited for or followed.
 */

/** The DAGs that can work together; one with a fault is left out and told about. */
export function linkDags(
  texts: ReadonlyMap<string, string>,
  dags: readonly Dag[],
  broken: readonly string[],
  problems: Problem[],
): Dag[] {
  const report = (
    dag: Dag,
    code: 'name-duplicate' | 'dag-unknown' | 'cycle',
    message: string,
    hint?: string,
  ) =>
    problems.push(
      makeProblem(code, message, { place: dag.place, source: texts.get(dag.file), ...(hint && { hint }) }),
    )
  const first = new Map<string, Dag>()
  for (const dag of dags) {
    const other = first.get(dag.name)
    if (other) report(dag, 'name-duplicate', `a DAG '${dag.name}' is in ${other.file} already`)
    else first.set(dag.name, dag)
  }
  const names = [...first.keys(), ...broken]
  const known = [...first.values()].filter((dag) => {
    const unknown = othersOf(dag).filter((name) => !names.includes(name))
    for (const name of unknown)
      report(
        dag,
        'dag-unknown',
        `'${dag.name}' names a DAG '${name}' that there is not`,
        didYouMean(name, names) ?? `there are ${names.sort().join(', ')}`,
      )
    return unknown.length === 0
  })
  return known.filter((dag) => {
    const circle = wayBack(dag, first)
    if (circle) report(dag, 'cycle', `DAGs wait for each other in a circle: ${circle.join(' → ')}`)
    return circle === null
  })
}

function othersOf({ dependsOn, triggers }: Dag): string[] {
  return [...dependsOn, ...triggers.afterDags].map(({ dag }) => dag)
}

/** The way from a DAG over those that it waits for back to itself. */
function wayBack(start: Dag, dags: ReadonlyMap<string, Dag>): string[] | null {
  const seen = new Set<string>()
  const walk = (dag: Dag, way: readonly string[]): string[] | null => {
    for (const name of othersOf(dag)) {
      if (name === start.name) return [...way, name]
      const next = dags.get(name)
      if (!next || seen.has(name)) continue
      seen.add(name)
      const found = walk(next, [...way, name])
      if (found) return found
    }
    return null
  }
  return walk(start, [start.name])
}
