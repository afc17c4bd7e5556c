export type { ArtifactOptions } from './artifact-metadata.ts'
export {
  type CatalogArtifact,
  type CatalogRow,
  catalogArtifact,
  catalogOfColumns,
  readCatalog,
} from './catalog-artifact.ts'
export { compiledPath } from './compiled-path.ts'
export { makeEntryWriter } from './entry-writer.ts'
export { type ManifestArtifact, type ManifestArtifactOptions, manifestArtifact } from './manifest-artifact.ts'
export { cloneResults, operationResults } from './operation-results.ts'
export {
  type RunResultsArtifact,
  type RunResultsOptions,
  runResultsArtifact,
} from './run-results-artifact.ts'
export { type SourceFreshness, type SourcesArtifact, sourcesArtifact } from './sources-artifact.ts'
export { type Artifacts, writeArtifacts } from './write-artifacts.ts'
export { writeJson } from './write-json.ts'
