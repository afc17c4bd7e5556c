import type { FixtureSpec, UnitTestSpec } from '../core/project.ts'
import type { UnitTestYaml } from './declaration-schemas.ts'
import { mergedConfig } from './described.ts'
import { pick } from './schema-pieces.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A unit test as it is written; rows in files are looked up when the project is compiled. */
export function readUnitTest(document: YamlDocument, path: YamlPath, entry: UnitTestYaml): UnitTestSpec {
  const fixture = (fixtureYaml: UnitTestYaml['expect'], at: YamlPath) =>
    readFixture(document, fixtureYaml, [...path, ...at])
  const { overrides, versions } = entry
  return {
    ...document.origin,
    name: entry.name,
    model: entry.model,
    description: entry.description,
    given: entry.given.map(({ input, ...rows }, index) => ({ input, ...fixture(rows, ['given', index]) })),
    expect: fixture(entry.expect, ['expect']),
    overrides: {
      macros: overrides?.macros ?? {},
      vars: overrides?.vars ?? {},
      envVars: overrides?.env_vars ?? {},
    },
    ...(versions && {
      versions: {
        ...(versions.include && { include: versions.include }),
        ...(versions.exclude && { exclude: versions.exclude }),
      },
    }),
    config: mergedConfig({ ...pick(entry, ['enabled']), ...entry.config }, entry.tags, entry.meta),
    extra: {},
    place: document.placeOf(path),
  }
}

function readFixture(
  document: YamlDocument,
  { format, rows, fixture }: UnitTestYaml['expect'],
  path: YamlPath,
): FixtureSpec {
  return {
    format: format ?? 'dict',
    ...(rows != null && { rows }),
    ...(fixture != null && { fixture }),
    place: document.placeOf(path),
  }
}
