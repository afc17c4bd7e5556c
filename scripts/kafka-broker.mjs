// A real Kafka broker for tests and benchmarks: Apache Kafka's jars from Maven Central, run with the machine's Java.
//   node scripts/kafka-broker.mjs fetch              fetches the jars (again only when they are not there)
//   node scripts/kafka-broker.mjs start [folder]     runs a broker until Ctrl-C; says its address
// Which repository Maven asks is Maven's affair: settings.xml decides, and MAVEN_ARGS may name another.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import getPort from 'get-port'

const here = join(dirname(fileURLToPath(import.meta.url)), 'kafka')
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** Names and hashes of the jars, as `sha256sum` writes them. */
const wanted = readFileSync(join(here, 'jars.sha256'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/))

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'estimand')
const version = wanted.map(([, name]) => /^kafka_.*-([\d.]+)\.jar$/.exec(name)?.[1]).find(Boolean)

/** The folder that the jars are in, or belong in. */
export const jarFolder = join(cache, `kafka-${version}`)

/** Why no broker can be started here; null when one can. */
export function whyNoBroker() {
  if (spawnSync('java', ['-version']).status !== 0) return 'there is no Java'
  if (!existsSync(jarFolder)) return "Kafka's jars are not there: node scripts/kafka-broker.mjs fetch"
  return null
}

/** Fetches the jars and checks each against its hash. */
export function fetchJars() {
  if (existsSync(jarFolder)) return
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'kafka-fresh-'))
  try {
    const args = ['-q', '-B', '-f', join(here, 'pom.xml'), copyPlugin, '-DincludeScope=runtime']
    const { status } = spawnSync('mvn', [...args, `-DoutputDirectory=${fresh}`], { stdio: 'inherit' })
    if (status !== 0) throw new Error('Maven could not fetch the jars of Kafka')
    for (const [hash, name] of wanted) {
      const found = createHash('sha256')
        .update(readFileSync(join(fresh, name)))
        .digest('hex')
      if (found !== hash) throw new Error(`${name} has the SHA-256 ${found}, not ${hash}`)
    }
    renameSync(fresh, jarFolder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** A broker in a folder of its own; started again in the same folder on the same ports, it goes on. */
export async function makeBroker(folder = mkdtempSync(join(tmpdir(), 'estimand-kafka-'))) {
  const port = await getPort()
  const controllerPort = await getPort()
  const settings = join(folder, 'server.properties')
  writeFileSync(settings, propertiesOf(folder, port, controllerPort))
  java([
    'kafka.tools.StorageTool',
    'format',
    '-t',
    // An id that began with a dash would be taken for an option.
    randomBytes(16).toString('base64url').replace(/^-/, 'A'),
    '-c',
    settings,
    '--standalone',
  ])
  const address = `127.0.0.1:${port}`
  let process
  const stopWith = async (signal) => {
    if (!process || process.exitCode !== null || process.signalCode !== null) return
    const ended = new Promise((resolve) => process.once('exit', resolve))
    process.kill(signal)
    await ended
  }
  return {
    address,
    folder,
    /** Resolves when the broker takes connections. */
    async start() {
      const log = openSync(join(folder, 'broker.log'), 'a')
      process = spawn('java', [...javaArguments, 'kafka.Kafka', settings], { stdio: ['ignore', log, log] })
      await untilReachable(port, process, join(folder, 'broker.log'))
    },
    stop: () => stopWith('SIGTERM'),
    kill: () => stopWith('SIGKILL'),
    async remove() {
      await stopWith('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const javaArguments = [
  '-Xmx512m',
  '-Xms128m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=4',
  '-cp',
  join(jarFolder, '*'),
]

function propertiesOf(folder, port, controllerPort) {
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
log.dirs=${join(folder, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
`
}

function java(args) {
  const { status, stderr, stdout } = spawnSync('java', [...javaArguments, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`java ${args[0]} failed:\n${stdout}${stderr}`)
}

async function untilReachable(port, process, log) {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (process.exitCode !== null)
      throw new Error(`the broker ended:\n${readFileSync(log, 'utf8').slice(-4000)}`)
    const reached = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (reached) return
    await sleep(100)
  }
  throw new Error('the broker did not open its port within a minute')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , command, folder] = process.argv
  if (command === 'fetch') fetchJars()
  else if (command === 'start') {
    const broker = await makeBroker(folder)
    await broker.start()
    console.log(broker.address)
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => broker.stop().then(() => process.exit(0)))
  } else {
    console.error('usage: node scripts/kafka-broker.mjs fetch | start [folder]')
    process.exit(2)
  }
}
