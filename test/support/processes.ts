import { spawnSync } from 'node:child_process'

/** Every living process that descends from this one: id and command line. */
export function descendantsOf(root: number): Map<number, string> {
  const found = new Map<number, string>()
  const processes = listProcesses()
  for (let parents = new Set([root]); parents.size > 0;) {
    const children = processes.filter(({ parent }) => parents.has(parent))
    for (const { pid, command } of children) found.set(pid, command)
    parents = new Set(children.map(({ pid }) => pid))
  }
  return found
}

/** Those of the processes that are still there, under the same command line. */
export function stillAlive(processes: ReadonlyMap<number, string>): string[] {
  return listProcesses().flatMap(({ pid, command }) => (processes.get(pid) === command ? [`${pid} ${command}`] : []))
}

function listProcesses(): { readonly pid: number; readonly parent: number; readonly command: string }[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
  return stdout.split('\n').flatMap((row) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(row) ?? []
    // A zombie has ended; that nobody has asked for its exit code is the business of the init process.
    return state?.startsWith('Z') === false
      ? [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }]
      : []
  })
}
