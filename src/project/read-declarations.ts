import type { ExposureSpec, GroupSpec } from '../core/project.ts'
import type { GroupYaml } from './declaration-schemas.ts'
import { mergedConfig } from './described.ts'
import type { ExposureYaml } from './properties-schema.ts'
import { pick } from './schema-pieces.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/*
 * What YAML declares for those who read our tables: exposures and groups.
 */

/** Something outside that reads our tables. */
export function readExposure(document: YamlDocument, path: YamlPath, entry: ExposureYaml): ExposureSpec {
  const email = Array.isArray(entry.owner.email) ? entry.owner.email[0] : entry.owner.email
  return {
    ...document.origin,
    name: entry.name,
    description: entry.description,
    type: entry.type,
    owner: { ...(entry.owner.name && { name: entry.owner.name }), ...(email && { email }) },
    ...(entry.url && { url: entry.url }),
    ...(entry.label && { label: entry.label }),
    ...(entry.maturity && { maturity: entry.maturity }),
    dependsOn: entry.depends_on,
    config: mergedConfig({ ...pick(entry, ['enabled']), ...entry.config }, entry.tags, entry.meta),
    extra: Object.keys(entry.config).length > 0 ? { config: entry.config } : {},
    place: document.placeOf(path),
  }
}

/** Nodes that belong together. */
export function readGroup(document: YamlDocument, path: YamlPath, entry: GroupYaml): GroupSpec {
  return {
    ...document.origin,
    name: entry.name,
    description: entry.description,
    owner: entry.owner,
    config: entry.config,
    extra: pick(entry, ['meta']),
    place: document.placeOf(path),
  }
}
