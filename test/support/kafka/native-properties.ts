// The settings of a broker for tests: KRaft, one replica of everything unless told otherwise, nothing that waits for nothing.
import type { NativeKafkaOptions } from './native.ts'

/** Properties of a node that is broker and controller, or joins the controller of another as a broker alone. */
export function nodeProperties(
  broker: string,
  controller: string,
  dataDir: string,
  options: NativeKafkaOptions,
) {
  const { listeners = [], joins } = options
  const further = (address: (listener: { port: number; advertisedPort: number }) => number) =>
    listeners.map((listener, i) => `,VIA${i}://127.0.0.1:${address(listener)}`).join('')
  const protocols = ['PLAINTEXT', 'CONTROLLER', ...listeners.map((_, i) => `VIA${i}`)]
  const own = joins === undefined ? `,CONTROLLER://${controller}` : ''
  return {
    ...SERVER,
    'process.roles': joins === undefined ? 'broker,controller' : 'broker',
    'node.id': joins === undefined ? 1 : 2,
    'log.dirs': dataDir,
    'controller.quorum.bootstrap.servers': controller,
    listeners: `PLAINTEXT://${broker}${own}${further(({ port }) => port)}`,
    'advertised.listeners': `PLAINTEXT://${broker}${further(({ advertisedPort }) => advertisedPort)}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': protocols.map((name) => `${name}:PLAINTEXT`).join(','),
    ...options.properties,
  }
}

const SERVER = {
  'auto.create.topics.enable': false,
  'group.initial.rebalance.delay.ms': 0,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'log.cleaner.backoff.ms': 200,
}

export const LOG4J = `rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
`
