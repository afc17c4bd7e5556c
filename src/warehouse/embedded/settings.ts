/*
 * The server's settings, for one user who loads and transforms in bulk on the machine at hand. fsync stays
 * on: after a crash of the machine the database is whole, only the last moments of commits may be missing.
 *
 * Measured with 5 M rows of ten columns on two cores, seconds of CPU (wall time was that of a busy machine):
 *
 *   binary COPY into a new table   3.0 instead of 3.2, and no WAL instead of 366 MB (wal_level = minimal)
 *   by work_mem            4 MB    16 MB    64 MB    256 MB
 *     sort, then group     3.3     3.7      4.2      4.8      a large sort area misses the caches
 *     window               3.0     2.9      3.3      4.0
 *     hash aggregate       2.3     2.3      1.8      1.8      a hash table gains, up to some size
 *   so sorts get little and hash_mem_multiplier gives hash tables eight times as much
 *   a socket instead of TCP saves 5 % of the server's part of a COPY: not worth a second kind of address
 */

export interface Machine {
  readonly memoryBytes: number
  readonly cores: number
  /** Free bytes of /dev/shm; undefined where there is none. */
  readonly sharedMemoryBytes: number | undefined
}

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte

/** The settings by name; memory is shared out so that four heavy statements at once still fit. */
export function serverSettings(machine: Machine): Readonly<Record<string, string>> {
  const { memoryBytes, cores } = machine
  const share = (part: number, least: number, most: number) =>
    `${Math.round(Math.min(most, Math.max(least, memoryBytes * part)) / mebibyte)}MB`
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    password_encryption: 'scram-sha-256',

    shared_buffers: share(1 / 4, 32 * mebibyte, 2 * gibibyte),
    work_mem: share(1 / 512, 8 * mebibyte, 32 * mebibyte),
    hash_mem_multiplier: '8',
    maintenance_work_mem: share(1 / 16, 32 * mebibyte, gibibyte),
    effective_cache_size: share(1 / 2, 128 * mebibyte, 64 * gibibyte),

    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    max_wal_size: '2GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '30min',
    synchronous_commit: 'off',
    wal_compression: 'on',

    jit: 'off',
    random_page_cost: '1.1',
    max_parallel_workers: String(cores),
    max_parallel_workers_per_gather: String(Math.min(4, Math.max(1, Math.floor(cores / 2)))),
    max_parallel_maintenance_workers: String(Math.min(4, Math.max(1, Math.floor(cores / 2)))),

    ...(needsFileSharedMemory(machine) && { dynamic_shared_memory_type: 'mmap' }),

    timezone: 'UTC',
    log_timezone: 'UTC',
    cluster_name: 'estimand',
    log_line_prefix: '%m [%p] %q%a ',
  }
}

/** Containers often have 64 MB in /dev/shm, which a parallel hash join overflows. */
function needsFileSharedMemory({ sharedMemoryBytes }: Machine): boolean {
  return sharedMemoryBytes !== undefined && sharedMemoryBytes < gibibyte
}

/** The settings as a configuration file. */
export function settingsFile(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
  return `# Written at each start; change postgresql.conf below the include, or use ALTER SYSTEM.\n${lines.join('\n')}\n`
}
