import { request } from 'node:http'
import { TestkitError } from '../testkit-error.ts'

/** The part of `@testcontainers/postgresql` that we use. It is loaded only when an engine answers. */
interface StartedContainer {
  getHost(): string
  getPort(): number
  getUsername(): string
  getPassword(): string
  getDatabase(): string
  stop(): Promise<unknown>
}

interface ContainerBuilder {
  withCommand(command: string[]): ContainerBuilder
  start(): Promise<StartedContainer>
}

type ContainerModule = Readonly<Record<'PostgreSqlContainer', new (image: string) => ContainerBuilder>>

/** Where the container engine listens: `DOCKER_HOST`, or the usual socket. */
function enginePlace(): { socketPath: string } | { host: string; port: number } | undefined {
  const given = process.env['DOCKER_HOST']
  if (given === undefined || given === '') return { socketPath: '/var/run/docker.sock' }
  if (given.startsWith('unix://')) return { socketPath: given.slice('unix://'.length) }
  if (!given.startsWith('tcp://')) return undefined
  const { hostname, port } = new URL(given.replace('tcp://', 'http://'))
  return { host: hostname, port: Number(port || 2375) }
}

/** True when a container engine answers a ping within a second. */
export function hasContainerEngine(timeoutMs = 1_000): Promise<boolean> {
  const place = enginePlace()
  if (!place) return Promise.resolve(false)
  return new Promise((resolve) => {
    const ping = request({ ...place, path: '/_ping', method: 'GET', timeout: timeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy(new Error('no answer')))
    ping.on('error', () => resolve(false))
    ping.end()
  })
}

async function loadModule(): Promise<ContainerModule | undefined> {
  // Not a literal: the package is optional, and neither compiler nor bundler shall look for it.
  const name = ['@testcontainers', 'postgresql'].join('/')
  try {
    return (await import(name)) as ContainerModule
  } catch {
    return undefined
  }
}

/**
 * Starts PostgreSQL in a container. Undefined when no engine answers.
 * Throws `postgres-not-found` when one answers but `@testcontainers/postgresql` is not installed.
 */
export async function startContainer(
  version: number,
  settings: Readonly<Record<string, string>>,
): Promise<StartedContainer | undefined> {
  if (!(await hasContainerEngine())) return undefined
  const module = await loadModule()
  if (!module) {
    throw new TestkitError(
      'postgres-not-found',
      'A container engine answers, but @testcontainers/postgresql is not installed.',
      {
        hint: 'npm install --save-dev @testcontainers/postgresql',
      },
    )
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return new module.PostgreSqlContainer(`postgres:${version}`).withCommand(['postgres', ...options]).start()
}
