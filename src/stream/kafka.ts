import { Consumer, type ConsumerOptions } from '@platformatic/kafka'
import type { StreamSecurity } from '../core/stream-spec.ts'

/*
 * How the brokers are reached. Reading takes two connections to the cluster: one that belongs to the group, whose
 * joining may wait for other readers, and one that fetches meanwhile.
 */

/** How the brokers of a stream are spoken to, with templates rendered. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly security: Omit<StreamSecurity, 'tlsCa'> & {
    /** The certificate of the authority, if it is not one that everybody knows. */
    readonly ca: string | null
  }
}

/** How long a reader may be silent before its partitions go to another. */
export interface GroupTimes {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
}

export const usualGroupTimes: GroupTimes = {
  sessionTimeoutMs: 30_000,
  heartbeatIntervalMs: 3_000,
  rebalanceTimeoutMs: 30_000,
}

/** What a client of any kind is made with. */
export function clientOptions({ brokers, clientId, security }: KafkaConnection) {
  const { sasl, tls, ca } = security
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    timeout: 15_000,
    retries: 2,
    retryDelay: 250,
    autocreateTopics: false,
    ...(tls && { tls: ca === null ? {} : { ca } }),
    ...(tls && { tlsServerName: true }),
    ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password } }),
  }
}

/** A client that reads, in a group when it joins one. What goes wrong behind a call is told to `onError`. */
export function makeConsumer(
  connection: KafkaConnection,
  group: string,
  times: GroupTimes,
  onError: (error: Error) => void,
): Consumer {
  const options: ConsumerOptions<Buffer, Buffer, Buffer, Buffer> = {
    ...clientOptions(connection),
    groupId: group,
    sessionTimeout: times.sessionTimeoutMs,
    heartbeatInterval: times.heartbeatIntervalMs,
    rebalanceTimeout: times.rebalanceTimeoutMs,
    isolationLevel: 1,
    autocommit: false,
  }
  const consumer = new Consumer(options)
  consumer.on('error' as never, onError as never)
  return consumer
}

const closeTimeoutMs = 5_000

/** Leaves the group and closes the connections; brokers that are away are not waited for. */
export async function closeConsumer(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeTimeoutMs)
  })
  const closed = Promise.resolve(consumer.close(true)).catch(() => {})
  await Promise.race([closed, late])
  clearTimeout(timer)
}

/** What a client says went wrong, without the layers around it. */
export function kafkaReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return kafkaReason(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const reason =
    error.cause instanceof Error ? `${error.message} (${kafkaReason(error.cause)})` : error.message
  return reason.replace(/\s+/g, ' ')
}

/** Whether a client's error says this, by the name that Kafka's protocol gives it. */
export function saysKafka(error: unknown, apiId: string): boolean {
  const found = (error as { findBy?: (key: string, value: unknown) => unknown } | null)?.findBy?.(
    'apiId',
    apiId,
  )
  return found !== null && found !== undefined
}
