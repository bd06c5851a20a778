// What `npm start` and `npm test` share: bring a fresh clone to the point where the pinned Node can run it.
// Runs on Node 20 with nothing installed, so it imports nothing but Node itself.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join, relative } from 'node:path'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const pnpmVersion = '12.21.0'
const stampFile = join(root, 'node_modules', '.cache', 'pooler-safe', 'setup.json')
const onWindows = process.platform === 'win32'

export { root }

/** Stops with one sentence that says what is wrong and what to do. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** Environment in which `node` and every tool are the pinned ones. */
export function pinnedEnvironment(extra = {}) {
  const key = Object.keys(process.env).find((name) => name.toLowerCase() === 'path') ?? 'PATH'
  const bin = join(root, 'node_modules', '.bin')
  return { ...process.env, [key]: `${bin}${delimiter}${process.env[key] ?? ''}`, ...extra }
}

/** The pinned Node, once installed. */
export function pinnedNode() {
  return join(root, 'node_modules', 'node', 'bin', onWindows ? 'node.exe' : 'node')
}

/** Runs a command; resolves with its exit code and, if asked, its output. */
export function run(command, args, { env = process.env, capture = false, cwd = root, onChild } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      shell: onWindows,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    onChild?.(child)
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), output, signal }))
  })
}

/** Says that something long goes on: what, and for how long already. */
async function withProgress(label, work) {
  const started = Date.now()
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  const live = process.stderr.isTTY && !process.env.CI
  process.stderr.write(live ? `${label} …` : `${label} …\n`)
  const timer = setInterval(
    () => process.stderr.write(live ? `\r${label} … ${seconds()}` : `${label} … ${seconds()}\n`),
    live ? 1_000 : 15_000,
  )
  try {
    const result = await work()
    const end = `${label}: ${result.code === 0 ? 'done in' : 'failed after'} ${seconds()}\n`
    process.stderr.write(live ? `\r${end}` : end)
    return result
  } catch (error) {
    if (live) process.stderr.write('\n')
    throw error
  } finally {
    clearInterval(timer)
  }
}

function filesBelow(folder, wanted) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesBelow(path, wanted)
    }
    return wanted(entry.name) ? [path] : []
  })
}

function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const path of [...paths].sort()) {
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}

function workspaceManifests() {
  const groups = ['packages', 'examples'].flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => join(root, group, name)) : [],
  )
  return [root, ...groups, join(root, 'test'), join(root, 'bench')]
    .map((folder) => join(folder, 'package.json'))
    .filter((path) => existsSync(path))
}

function installFingerprint() {
  return fingerprint([...workspaceManifests(), join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml')])
}

function buildFingerprint() {
  const packages = join(root, 'packages')
  const sources = filesBelow(packages, () => true).filter((path) => !/[\\/](test|docs|bench)[\\/]/.test(path))
  return fingerprint([...sources, join(root, 'tsup.shared.ts'), join(root, 'tsconfig.base.json')])
}

function builtPackagesExist() {
  const packages = join(root, 'packages')
  return readdirSync(packages)
    .filter((name) => existsSync(join(packages, name, 'tsup.config.ts')))
    .every((name) => existsSync(join(packages, name, 'dist')))
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))
  } catch {
    return {}
  }
}

function writeStamp(stamp) {
  mkdirSync(join(stampFile, '..'), { recursive: true })
  writeFileSync(stampFile, `${JSON.stringify(stamp, null, 2)}\n`)
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new SetupError(
    `Node ${process.versions.node} is too old to set this up: install Node 20.19 or newer and try again.`,
  )
}

const networkTrouble =
  /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|dns error|failed to lookup address|error sending request/i

/** npm and pnpm keep their caches at home. Where that cannot be written they get another one, below this folder. */
function usableHome() {
  try {
    accessSync(homedir(), constants.W_OK | constants.X_OK)
    return {}
  } catch {
    const home = join(root, 'node_modules', '.cache', 'home')
    mkdirSync(home, { recursive: true })
    // npm tells the scripts it runs where its cache is.
    return { HOME: home, npm_config_cache: join(home, '.npm') }
  }
}

/** By default npm tries for a minute and a half to reach what cannot be reached. */
const shortRetries = Object.fromEntries(
  Object.entries({ npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000' }).filter(
    ([name]) => process.env[name] === undefined,
  ),
)

/** Runs the pinned pnpm through npx, silently; its output is shown only when it fails. */
async function pnpm(args, label) {
  const result = await withProgress(label, () =>
    run('npx', ['--yes', `pnpm@${pnpmVersion}`, ...args], {
      capture: true,
      env: pinnedEnvironment({ ...usableHome(), ...shortRetries, CI: 'true', npm_config_update_notifier: 'false' }),
    }),
  ).catch((error) => {
    if (error.code !== 'ENOENT') throw error
    throw new SetupError('npx was not found: install npm (it comes with Node) and try again.')
  })
  if (result.code === 0) return
  const trouble = args[0] === 'install' ? networkTrouble.exec(result.output)?.[0] : undefined
  if (trouble) {
    throw new SetupError(
      `The package registry could not be reached (${trouble}): connect to the network (or set the proxy that npm should use) and try again.`,
    )
  }
  process.stderr.write(`${result.output.trimEnd()}\n\n`)
  throw new SetupError(`\`pnpm ${args.join(' ')}\` failed with exit code ${result.code}; its output is above.`)
}

async function requirePinnedNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node
  const answer = await run(pinnedNode(), ['--version'], { capture: true }).catch((error) => ({
    code: 1,
    output: error.message,
  }))
  if (answer.code === 0 && answer.output.trim() === `v${wanted}`) return
  rmSync(stampFile, { force: true })
  throw new SetupError(
    `The pinned Node ${wanted} is not usable (${answer.output.trim()}): delete the folder node_modules and try again.`,
  )
}

/**
 * Installs and builds whatever changed since last time. A set-up that is up to date takes well under a second. What runs
 * from the sources needs no build.
 */
export async function setUp({ build = true } = {}) {
  requireNode()
  const stamp = readStamp()
  const installed = installFingerprint()
  if (stamp.installed !== installed || !existsSync(pinnedNode())) {
    await pnpm(['install', '--frozen-lockfile'], 'Installing dependencies (the first time takes a minute or so)')
    writeStamp({ installed })
  }
  await requirePinnedNode()
  if (!build) return
  const built = buildFingerprint()
  if (readStamp().built === built && builtPackagesExist()) return
  await pnpm(['run', 'build'], 'Building the packages')
  writeStamp({ installed, built })
}

/**
 * Runs a program of this repository with the pinned Node, in this terminal; resolves with its exit code.
 *
 * With `tied` the program has an IPC channel to this process: when that closes, whoever it ran for has gone. With
 * `fromSource` it takes the packages of this repository as they are written, not as they are built.
 */
export function runProgram(file, args, { tied = false, fromSource = false } = {}) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(tied ? ['ipc'] : [])]
  const flags = fromSource ? ['--conditions=@pooler-safe/source'] : []
  const child = spawn(pinnedNode(), [...flags, file, ...args], { stdio, env: pinnedEnvironment() })
  let isEnding = false
  // A terminal sends Ctrl-C to the whole group; a supervisor signals only this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      isEnding = true
      if (!process.stdin.isTTY || signal !== 'SIGINT') child.kill(signal)
    })
  }
  // Who is asked twice does not wait for what is under way.
  if (tied) endWithNpm(() => isEnding || child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal ? 130 : 0)))
  })
}

/** npm that is killed tells nobody; but then this process, or the shell that npm runs it with, gets another parent. */
function endWithNpm(end) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const above = /^(\w*sh)$/.test(readProcess(parent, 'comm').trim()) ? parentOf(parent) : undefined
  const timer = setInterval(() => {
    if (process.ppid === parent && (above === undefined || parentOf(parent) === above)) return
    clearInterval(timer)
    end()
  }, 1_000)
  timer.unref()
}

const parentOf = (pid) => /\) \S (\d+) [^)]*$/.exec(readProcess(pid, 'stat'))?.[1]

/** What Linux tells about a process; nothing elsewhere. */
function readProcess(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** Runs `main` and turns a SetupError into its sentence and exit code 2. */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`\n${error.message}\n`)
    process.exitCode = 2
  }
}
