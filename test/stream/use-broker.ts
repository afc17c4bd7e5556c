import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Producer, type ProducerOptions } from '@platformatic/kafka'
import { afterAll, beforeAll } from 'vitest'
import { fetchJars, makeBroker, whyNoBroker } from '../../scripts/kafka-broker.mjs'

/*
 * A real Kafka broker for the tests of a file. Where there is no Java or no Kafka the tests say so and are skipped,
 * unless ESTIMAND_KAFKA_REQUIRED is set, as it is in continuous integration.
 */

/** Whether a broker can be started here. Throws when it must be possible and is not. */
export function hasBroker(): boolean {
  const why = whyNoBroker()
  if (why === null) return true
  if (process.env['ESTIMAND_KAFKA_REQUIRED']) throw new Error(`a Kafka broker is required: ${why}`)
  console.warn(`tests against a Kafka broker are skipped: ${why}`)
  return false
}

export interface TestBroker {
  readonly address: string
  readonly createTopic: (topic: string, partitions: number) => Promise<void>
  readonly producer: (options?: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>>) => Producer
  /** Ends it and starts it again with what it had written. */
  readonly restart: (how: 'stop' | 'kill', downMs: number) => Promise<void>
}

/** Starts a broker before the tests of a file, and removes it behind them. */
export function useBroker(): TestBroker {
  let broker: Awaited<ReturnType<typeof makeBroker>> | undefined
  const producers: Producer[] = []
  const client = () => ({
    clientId: 'test',
    bootstrapBrokers: [broker!.address],
    retries: 20,
    retryDelay: 250,
  })
  beforeAll(async () => {
    fetchJars()
    broker = await makeBroker()
    await broker.start()
  }, 120_000)
  afterAll(async () => {
    await Promise.all(producers.map((producer) => Promise.resolve(producer.close()).catch(() => {})))
    await broker?.remove()
  })
  return {
    get address() {
      return broker!.address
    },
    async createTopic(topic, partitions) {
      const admin = new Admin(client())
      await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
      await admin.close()
    },
    producer(options = {}) {
      const producer = new Producer({ ...client(), ...options })
      producers.push(producer)
      return producer
    },
    async restart(how, downMs) {
      await broker![how]()
      await sleep(downMs)
      await broker!.start()
    },
  }
}
