import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { ProfileRefusal } from '../jobs/profile/profile-relation.ts'
import { failureBehind, ServerError } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { profileLines } from './display/profile-lines.ts'
import { profilePage } from './display/profile-page.ts'
import { hasUnicode } from './has-unicode.ts'
import { relationNamed } from './profiled-name.ts'
import { openWorkspace, shownPath, withOpenWarehouse } from './workspace.ts'

export interface ProfileFlags {
  readonly columns?: readonly string[]
  readonly key?: readonly string[]
  /** Percent of the rows. */
  readonly sample?: number
  /** Where the page is written. */
  readonly to?: string
  readonly output: 'text' | 'json'
}

/** Prints what stands in the columns of a relation, or writes it as a page. */
export async function showProfile(
  context: CommandContext,
  name: string,
  flags: ProfileFlags,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { relation, key: declaredKey, isNode } = relationNamed(name, workspace.manifest)
  const { profileRelation } = await import('../jobs/profile/profile-relation.ts')
  const { columns, key, sample } = flags
  const request = {
    ...{ relation, declaredKey },
    ...(columns && { columns }),
    ...(key && { key }),
    ...(sample !== undefined && { samplePercent: sample }),
  }
  const profile = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    context.narrator.phase(`Reading ${relation.schema}.${relation.identifier}`)
    return warehouse.withSession((session) => profileRelation(session, request)).catch(asProblem)
  })
  context.narrator.done()
  if ('refused' in profile) throw refusal(profile, `${relation.schema}.${relation.identifier}`, isNode)
  const { out } = context.terminal
  if (flags.to !== undefined) {
    const path = resolve(context.workingDirectory, flags.to)
    writePage(path, profilePage(profile))
    context.narrator.note(`The profile is in ${shownPath(context, path)}`)
  }
  if (flags.output === 'json') out.write(`${JSON.stringify(profile, null, 2)}\n`)
  else if (flags.to === undefined)
    out.write(
      `${profileLines(profile, { colors: out.colors, hasUnicode: hasUnicode(context) }).join('\n')}\n`,
    )
  return 0
}

function writePage(path: string, page: string): void {
  try {
    writeFileSync(path, page)
  } catch (error) {
    throw new ProblemError(
      makeProblem('usage', `${path} cannot be written: ${(error as Error).message}`, {
        hint: 'name a file in a folder that is there: --to profile.html',
      }),
    )
  }
}

function asProblem(error: unknown): never {
  const failure = error instanceof ServerError ? failureBehind(error) : undefined
  if (!failure) throw error
  const hint = [failure.detail, failure.hint].filter(Boolean).join('\n')
  throw new ProblemError(makeProblem('sql-error', failure.message, { hint }), { cause: error })
}

function refusal(found: ProfileRefusal, relation: string, isNode: boolean): ProblemError {
  if (found.refused === 'no-relation')
    return new ProblemError(
      makeProblem('selection-empty', `there is no relation ${relation} in the warehouse`, {
        hint: isNode ? 'estimand build makes it' : 'name it as schema.table, written as in the warehouse',
      }),
    )
  const hint = didYouMean(found.column, found.columns) ?? `it has ${found.columns.join(', ')}`
  return new ProblemError(
    makeProblem('column-unknown', `${relation} has no column '${found.column}'`, { hint }),
  )
}
