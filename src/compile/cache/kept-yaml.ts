import type { CachedProject } from './cached-nodes.ts'
import { fromKeptText } from './kept-text.ts'
import type { SaidInYaml } from './properties-by-file.ts'
import { Unpatchable } from './unpatchable.ts'

/** Reads a file of the project as it is now; undefined where that is not possible. */
export type ReadText = (path: string) => string | undefined

/** A YAML file with what it says now. */
export interface YamlFile {
  readonly path: string
  readonly said: SaidInYaml
}

/** What a YAML file said when the project was kept. */
export function saidBefore({ index, pieces }: CachedProject, path: string): SaidInYaml {
  const known = index.properties.find(([one]) => one === path)
  if (!known) throw new Unpatchable(`${path} said nothing before`)
  return fromKeptText(pieces.read(known[2])) as SaidInYaml
}
