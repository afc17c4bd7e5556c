import { didYouMean } from '../core/did-you-mean.ts'
import type { MacroInfo } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { MacroPatch } from '../core/project.ts'
import { isMap } from './config-tree.ts'
import type { DraftScope } from './nodes/draft-scope.ts'

/** The macros with what YAML says about them; what it says of one that is not there is worth a warning. */
export function describeMacros(
  scope: Pick<DraftScope, 'project' | 'yaml' | 'sourceAt'>,
  macros: Readonly<Record<string, MacroInfo>>,
  problems: Problem[],
): Readonly<Record<string, MacroInfo>> {
  const patches = scope.project.macroPatches
  if (patches.length === 0) return macros
  const described: Record<string, MacroInfo> = { ...macros }
  const idOf = new Map(Object.entries(macros).map(([id, macro]) => [`${macro.package}.${macro.name}`, id]))
  for (const patch of patches) {
    const id = idOf.get(`${patch.package}.${patch.name}`) ?? idOf.get(`${patch.package}.test_${patch.name}`)
    if (id === undefined) problems.push(unknownMacro(scope, patch, macros))
    else described[id] = withPatch(scope, macros[id]!, patch, problems)
  }
  return described
}

function withPatch(
  { yaml }: Pick<DraftScope, 'yaml'>,
  macro: MacroInfo,
  patch: MacroPatch,
  problems: Problem[],
): MacroInfo {
  const { config, extra, packagePath } = patch
  const text = (written: string): string => yaml.description(written, patch, problems)
  const part = (key: string): Record<string, unknown> =>
    Object.assign({}, ...[extra[key], config[key]].filter(isMap))
  return {
    ...macro,
    description: text(patch.description),
    ...(patch.arguments.length > 0 && {
      arguments: patch.arguments.map(({ description, ...rest }) => ({
        ...rest,
        description: text(description),
      })),
    }),
    meta: part('meta'),
    docs: part('docs'),
    patchPath: packagePath,
  }
}

function unknownMacro(
  { sourceAt }: Pick<DraftScope, 'sourceAt'>,
  { name, package: packageName, place }: MacroPatch,
  macros: Readonly<Record<string, MacroInfo>>,
): Problem {
  const names = Object.values(macros).flatMap((macro) => (macro.package === packageName ? [macro.name] : []))
  return makeProblem('macro-unknown', `there is no macro '${name}' to describe`, {
    ...sourceAt(place),
    severity: 'warning',
    hint: didYouMean(name, names) ?? 'the name has to be that of a macro below macros/',
  })
}
