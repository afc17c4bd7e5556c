export type { ArtifactOptions } from './artifact-metadata.ts'
export { compiledPath } from './compiled-path.ts'
export { type ManifestArtifact, type ManifestArtifactOptions, manifestArtifact } from './manifest-artifact.ts'
export {
  type RunResultsArtifact,
  type RunResultsOptions,
  runResultsArtifact,
} from './run-results-artifact.ts'
export { type Artifacts, writeArtifacts } from './write-artifacts.ts'
