// What matters in docker-compose.yml and the Dockerfile: pinned, closed to the outside, configured with settings that exist.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configEntries, loadConfig } from '../../../src/config.ts'
import { readText, readYaml, ROOT } from './files.ts'

interface Service {
  readonly image?: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly ports?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly read_only?: boolean
  readonly init?: boolean
  readonly cap_drop?: readonly string[]
  readonly profiles?: readonly string[]
  readonly stop_grace_period?: string
}

const compose = readYaml('docker-compose.yml') as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, service]) => service.build !== undefined)
const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> }

describe('docker-compose.yml', () => {
  it.each(services)('pins the image of %s to an exact version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z./-]+:v?\d+\.\d+\.\d+(-[a-z0-9]+)?$/)
  })

  it.each(services)('binds every port of %s to this machine', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it.each(services)('waits only for services of %s that can become what it waits for', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = compose.services[other]
      expect(target).toBeDefined()
      if (condition === 'service_healthy') expect(target?.healthcheck?.test?.[0]).toBe('CMD')
    }
  })

  it.each(services)(
    'mounts into %s only files that exist and volumes that are declared',
    (_name, { volumes = [] }) => {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':')
        if (source.startsWith('./')) expect(existsSync(join(ROOT, source)), source).toBe(true)
        else expect(Object.keys(compose.volumes)).toContain(source)
      }
    },
  )

  it.each(ours)('runs %s without rights and on a read-only file system', (_name, service) => {
    expect(service).toMatchObject({ read_only: true, init: true, cap_drop: ['ALL'], build: '.' })
  })

  it.each(ours)('configures %s with settings that exist, and asks for the key', (_name, service) => {
    const environment = service.environment ?? {}
    const known = new Set(configEntries().map((entry) => entry.env))
    for (const name of Object.keys(environment)) expect(known).toContain(name)
    const key = String(environment['PAYSENTRY_PRIVACY_PSEUDONYM_KEY'])
    expect(key).toMatch(/^\$\{PAYSENTRY_PRIVACY_PSEUDONYM_KEY:\?.*openssl rand -hex 16.*\.env.*\}$/)
    const env = {
      ...environment,
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '0'.repeat(32),
      PAYSENTRY_LOG_LEVEL: 'info',
    }
    expect(loadConfig({ env }).kafka.brokers).toEqual(['kafka:19092'])
  })

  it('keeps secrets out of the file', () => {
    expect(readText('docker-compose.yml')).not.toMatch(/\b[0-9a-f]{32}\b/i)
  })

  it('gives a processor more time to stop than it takes for itself', () => {
    const grace = Number.parseInt(compose.services['paysentry']?.stop_grace_period ?? '', 10)
    expect(grace * 1_000).toBeGreaterThan(loadConfig({ env: {} }).shutdown.deadlineMs)
  })

  it('keeps journals on disk and never evicts one', () => {
    const command = compose.services['redis']?.command?.join(' ')
    expect(command).toContain('--appendonly yes')
    expect(command).toContain('--maxmemory-policy noeviction')
  })

  it('creates no topic by mistake, and all of them before a processor starts', () => {
    expect(compose.services['kafka']?.environment?.['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false')
    expect(compose.services['topics']?.command).toEqual(['topics', 'create'])
    for (const name of ['paysentry', 'simulate']) {
      expect(compose.services[name]?.depends_on?.['topics']?.condition).toBe('service_completed_successfully')
    }
  })

  it('publishes made-up traffic only when asked to', () => {
    expect(compose.services['simulate']?.profiles).toEqual(['simulate'])
  })

  it('lets Grafana be looked at and not changed', () => {
    expect(compose.services['grafana']?.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
      GF_AUTH_BASIC_ENABLED: 'false',
    })
  })

  it('lets Prometheus and Grafana find the files where they are mounted', () => {
    const provider = readYaml('grafana/provisioning/dashboards/paysentry.yml') as {
      providers: { options: { path: string } }[]
    }
    const folder = provider.providers[0]?.options.path ?? ''
    const grafana = compose.services['grafana']
    expect(grafana?.volumes).toContain(`./grafana/dashboards:${folder}:ro`)
    expect(grafana?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(
      `${folder}/golden-signals.json`,
    )
    const prometheus = readYaml('grafana/prometheus/prometheus.yml') as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[]
    }
    const port = loadConfig({ env: {} }).http.port
    expect(prometheus.scrape_configs[0]).toMatchObject({
      job_name: 'paysentry',
      static_configs: [{ targets: [`paysentry:${port}`] }],
    })
  })
})

describe('the Dockerfile', () => {
  const lines = readText('Dockerfile').split('\n')
  const linesOf = (instruction: string) =>
    lines
      .filter((line) => line.startsWith(`${instruction} `))
      .map((line) => line.slice(instruction.length + 1))

  it('runs the very Node that the tests run on', () => {
    for (const from of linesOf('FROM')) expect(from).toContain(`node:${dependencies['node']}-`)
  })

  it('installs the locked production dependencies without install scripts', () => {
    expect(linesOf('RUN')).toEqual(['npm ci --omit=dev --ignore-scripts --no-audit --no-fund'])
  })

  it('runs as a user without rights, without a shell', () => {
    expect(linesOf('USER')).toEqual(['node'])
    expect(JSON.parse(linesOf('ENTRYPOINT')[0] ?? '')).toEqual([
      'node',
      '--max-semi-space-size=16',
      'src/main.ts',
    ])
    expect(JSON.parse(linesOf('CMD')[0] ?? '')).toEqual(['run'])
    expect(readText('Dockerfile')).toMatch(/^HEALTHCHECK .*\\\n {2}CMD \["node", "-e", /m)
  })

  it('copies only what .dockerignore lets through, and nothing that is let through in vain', () => {
    const copied = linesOf('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1))
    const [first, ...allowed] = readText('.dockerignore')
      .split('\n')
      .filter((line) => /^[^#]/.test(line))
    expect(first).toBe('*')
    expect(new Set(allowed.map((line) => line.slice(1)))).toEqual(new Set(copied))
    for (const path of copied) expect(existsSync(join(ROOT, path)), path).toBe(true)
  })
})

describe('.env.example', () => {
  it('names the required key without giving one, and only settings that exist', () => {
    const text = readText('.env.example')
    expect(text).toMatch(/^PAYSENTRY_PRIVACY_PSEUDONYM_KEY=$/m)
    const known = new Set(configEntries().map((entry) => entry.env))
    for (const [name] of text.matchAll(/\bPAYSENTRY_\w+/g)) expect(known).toContain(name)
  })
})
