import { type Block, heading, list } from '../../document/document.ts'
import { count } from '../../experiment/memo/words.ts'
import type { CausalMemoInput } from './memo-input.ts'

/** Who was looked at, and who was left out. */
export function unitsPart({ spec, facts }: CausalMemoInput): Block[] {
  const { data, treatment, missing: policy } = spec
  const { rows, neither, incomplete, missing, treated, control } = facts
  const where = data.where.map(({ column, values }) => `${column}${values ? ` in ${values.join(', ')}` : ''}`)
  return [
    heading(2, 'Units'),
    list([
      `${count(rows)} units of ${data.ref}${where.length > 0 ? `, where ${where.join(' and ')}` : ''}.`,
      ...(treatment.kind === 'binary'
        ? [
            `${count(treated)} had ${treatment.node}${treatment.treated === undefined ? '' : ` = ${treatment.treated}`}, ${count(control)} had not.`,
          ]
        : []),
      ...(neither > 0
        ? [`${count(neither)} had neither of the two values of ${treatment.column} and are left out.`]
        : []),
      ...(incomplete > 0
        ? [
            `${count(incomplete)} are left out since something is not known of them (missing: ${policy}): ${missing.map(({ column, units }) => `${column} of ${count(units)}`).join(', ')}.`,
          ]
        : []),
      ...[...facts.levels].map(
        ([node, levels]) => `${node} has ${levels.length} levels, compared with '${levels[0]}'.`,
      ),
    ]),
  ]
}
