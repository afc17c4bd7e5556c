import { createHash } from 'node:crypto'
import { dbtVersion } from '../../core/dbt-version.ts'
import { customVariables } from '../../core/events/custom-variables.ts'
import type { Manifest, Target } from '../../core/manifest.ts'

/** What every artifact says about the command that wrote it. */
export interface ArtifactOptions {
  readonly invocationId: string
  /** When the command began. */
  readonly startedAt: Date
  readonly generatedAt: Date
  /** The version of this package. */
  readonly version: string
  readonly target: Target
  /** The environment, whose variables DBT_ENV_CUSTOM_ENV_… are told on under the rest of their names. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * The `metadata` of an artifact, `schema` being its name and version: `manifest/v12`. Tools compare dbt's version with
 * versions they know before they read on, so our own would pass for a dbt of many years ago; it stands in `env` instead.
 */
export function artifactMetadata(
  schema: string,
  options: ArtifactOptions,
): Readonly<Record<string, unknown>> {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
    dbt_version: dbtVersion,
    generated_at: options.generatedAt.toISOString(),
    invocation_id: options.invocationId,
    invocation_started_at: options.startedAt.toISOString(),
    env: { ESTIMAND_VERSION: options.version, ...customVariables(options.environment ?? {}) },
  }
}

/** What the metadata of a manifest says besides. */
export function manifestMetadata(
  { project, quoting }: Pick<Manifest, 'project' | 'quoting'>,
  options: ArtifactOptions,
): Readonly<Record<string, unknown>> {
  return {
    ...artifactMetadata('manifest/v12', options),
    project_name: project,
    project_id: createHash('md5').update(project).digest('hex'),
    user_id: null,
    send_anonymous_usage_stats: false,
    adapter_type: options.target.type,
    quoting: { database: true, schema: true, identifier: true, column: null, ...quoting },
    run_started_at: options.startedAt.toISOString(),
  }
}
