import type { Origin, Project, SourceText } from '../../core/project.ts'

/** What the YAML files beside nodes declare. */
export type SaidInYaml = Pick<
  Project,
  'patches' | 'macroPatches' | 'sources' | 'exposures' | 'groups' | 'unitTests' | 'semantic'
>

export interface YamlPropertiesFile {
  readonly origin: Origin
  readonly said: SaidInYaml
}

/** What a project declares, by the file that says it. */
export function propertiesByFile(
  project: SaidInYaml & { readonly yamlFiles: readonly SourceText[] },
): ReadonlyMap<string, YamlPropertiesFile> {
  const declared = [
    partsOf(project.patches, 'patches'),
    partsOf(project.macroPatches, 'macroPatches'),
    partsOf(project.sources, 'sources'),
    partsOf(project.exposures, 'exposures'),
    partsOf(project.groups, 'groups'),
    partsOf(project.unitTests, 'unitTests'),
    partsOf(project.semantic, 'semantic'),
  ].flat()
  const files = new Map<string, { origin: Origin; said: Record<keyof SaidInYaml, unknown[]> }>()
  for (const { section, entry } of declared) {
    const { package: packageName, packagePath, place } = entry
    const file = files.get(place.file) ?? { origin: { package: packageName, packagePath }, said: nothing() }
    files.set(place.file, file)
    file.said[section].push(entry)
  }
  return files as ReadonlyMap<string, YamlPropertiesFile>
}

type Entry = Origin & { readonly place: { readonly file: string } }

function partsOf(entries: readonly Entry[], section: keyof SaidInYaml) {
  return entries.map((entry) => ({ section, entry }))
}

function nothing(): Record<keyof SaidInYaml, unknown[]> {
  return {
    patches: [],
    macroPatches: [],
    sources: [],
    exposures: [],
    groups: [],
    unitTests: [],
    semantic: [],
  }
}
