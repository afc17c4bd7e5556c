import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Spec } from '../../core/load-spec.ts'

/*
 * A client for a store that speaks the protocol of S3. Keys come the way that AWS' own tools find them (environment,
 * profiles, roles of machines and pods) and are seen by the library only.
 */

/** Where nothing says otherwise; buckets that lie elsewhere are found from here. */
const usualRegion = 'us-east-1'

const connectTimeoutMs = 10_000
/** Without a single byte. */
const silenceMs = 120_000

/** A client for the store that a spec describes. */
export async function openS3Client(
  library: typeof import('@aws-sdk/client-s3'),
  spec: S3Spec,
  env: NodeJS.ProcessEnv = process.env,
): Promise<S3Client> {
  // A notice to developers, which would stand in the output of whoever runs the command.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const isElsewhere = [spec.endpoint, env.AWS_ENDPOINT_URL_S3, env.AWS_ENDPOINT_URL].some(Boolean)
  const region = spec.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  const settings = {
    ...(spec.endpoint !== undefined && { endpoint: spec.endpoint }),
    ...(spec.profile !== undefined && { profile: spec.profile }),
    // Stores of one's own seldom have a name of their own for each bucket.
    forcePathStyle: spec.pathStyle ?? isElsewhere,
    followRegionRedirects: true,
    maxAttempts: 5,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: silenceMs,
      throwOnRequestTimeout: true,
    },
    // Not every store knows the sums that AWS has come to send.
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    ...(spec.isAnonymous && { signer: { sign: async <T>(request: T) => request }, credentials: nobody }),
  }
  const client = new library.S3Client(region === undefined ? settings : { ...settings, region })
  try {
    await client.config.region()
    return client
  } catch {
    client.destroy()
    return new library.S3Client({ ...settings, region: usualRegion })
  }
}

/** Requests that nobody signs need no keys, and none are looked for. */
const nobody = { accessKeyId: '', secretAccessKey: '' }
