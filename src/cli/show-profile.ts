import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { ProfileRefusal } from '../jobs/profile/profile-relation.ts'
import type { RelationProfile } from '../jobs/profile/relation-profile.ts'
import { failureBehind, ServerError, type Warehouse } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { comparedLines, profileLines } from './display/profile-lines.ts'
import { comparedPage, profilePage } from './display/profile-page.ts'
import { hasUnicode } from './has-unicode.ts'
import { type NamedRelation, relationNamed } from './profiled-name.ts'
import { openWorkspace, shownPath, withOpenWarehouse } from './workspace.ts'

export interface ProfileFlags {
  readonly columns?: readonly string[]
  readonly key?: readonly string[]
  /** Percent of the rows. */
  readonly sample?: number
  /** Another relation that is set beside it. */
  readonly compare?: string
  /** Where the page is written. */
  readonly to?: string
  readonly output: 'text' | 'json'
}

/** Prints what stands in the columns of a relation, or of two beside each other, or writes it as a page. */
export async function showProfile(
  context: CommandContext,
  name: string,
  flags: ProfileFlags,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const names = [name, ...(flags.compare === undefined ? [] : [flags.compare])]
  const named = names.map((one) => relationNamed(one, workspace.manifest))
  const [first, second] = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const profiles: RelationProfile[] = []
    for (const one of named) profiles.push(await profileOf(one, flags, warehouse, context))
    return profiles
  })
  context.narrator.done()
  const { out } = context.terminal
  if (flags.to !== undefined) {
    const path = resolve(context.workingDirectory, flags.to)
    writePage(path, second ? comparedPage(first!, second) : profilePage(first!))
    context.narrator.note(`The profile is in ${shownPath(context, path)}`)
  }
  const look = { colors: out.colors, hasUnicode: hasUnicode(context) }
  if (flags.output === 'json')
    out.write(`${JSON.stringify(second ? { before: first, after: second } : first, null, 2)}\n`)
  else if (flags.to === undefined)
    out.write(`${(second ? comparedLines(first!, second, look) : profileLines(first!, look)).join('\n')}\n`)
  return 0
}

async function profileOf(
  { relation, key: declaredKey, isNode }: NamedRelation,
  { columns, key, sample }: ProfileFlags,
  warehouse: Warehouse,
  { narrator }: CommandContext,
): Promise<RelationProfile> {
  const { profileRelation } = await import('../jobs/profile/profile-relation.ts')
  const request = {
    ...{ relation, declaredKey },
    ...(columns && { columns }),
    ...(key && { key }),
    ...(sample !== undefined && { samplePercent: sample }),
  }
  const name = `${relation.schema}.${relation.identifier}`
  narrator.phase(`Reading ${name}`)
  const profile = await warehouse.withSession((session) => profileRelation(session, request)).catch(asProblem)
  if ('refused' in profile) throw refusal(profile, name, isNode)
  return profile
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
