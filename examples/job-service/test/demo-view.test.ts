import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Progress } from '../src/demo/progress.ts'
import { screen } from '../src/demo/view/screen.ts'
import { openView } from '../src/demo/view/terminal.ts'
import { fitText, formatBytes, line, oneLine, paint, span, table, widthOf, type Line } from '../src/demo/view/text.ts'

const progress: Progress = {
  title: 'Measuring 102 files on PostgreSQL behind a pooler',
  elapsedMs: 1_940,
  counts: { total: 104, queued: 40, running: 2, succeeded: 61, failed: 1, cancelled: 0 },
  jobsPerSecond: 31.2,
  running: [
    { name: 'hazards/pooler-detection.md', attempt: 1, done: 600, total: 1_200 },
    { name: '資料/とても長い名前のファイル.txt', attempt: 2, done: 0, total: undefined },
  ],
  happenings: [
    { atMs: 0, kind: 'note', text: '104 jobs queued' },
    { atMs: 200, kind: 'retry', text: 'late.txt: attempt 1 failed' },
    ...Array.from({ length: 30 }, (_, at) => ({ atMs: 300 + at, kind: 'done' as const, text: `file-${at}.md` })),
  ],
  poolerName: 'the rotating pooler',
  counting: 'transactions',
  backends: [
    { pid: 9, count: 7, clients: new Map([['demo', 7]]), lastClient: 'demo', lastSql: 'select 1' },
    {
      pid: 12345,
      count: 1_234,
      clients: new Map([
        ['demo', 4],
        ['worker-1', 1_230],
      ]),
      lastClient: 'worker-1',
      lastSql: `with next as (\n  select ${'a, '.repeat(200)} b)`,
    },
  ],
}

const plain = (lines: readonly Line[]): string[] => lines.map((one) => paint(one, false))

describe('the live view', () => {
  test('shows counts, running files with their progress, what happened, and what ran on which backend', () => {
    const shown = plain(screen(progress, { columns: 100, rows: 40 }))
    expect(shown[0]).toBe(`${progress.title}${' '.repeat(34)}1.9 s   31 jobs/s`)
    expect(shown[1]).toMatch(/^█{35}░{25} {2}62 of 104$/)
    expect(shown[2]).toBe('queued 40   running 2   succeeded 61   failed 1   cancelled 0')
    const running = shown.find((one) => one.includes('pooler-detection.md'))
    expect(running).toMatch(/ 1 +600 B +1\.2 KB +█{8}░{8}$/)
    expect(shown).toContain('Backends behind the rotating pooler')
    const head = shown.find((one) => one.includes('transactions'))!
    const [first, second] = ['    9  ', '12345  '].map((start) =>
      shown.find((one) => one.trimStart().startsWith(start.trim()))!,
    )
    // Figures stand right-aligned below their titles.
    for (const title of ['transactions', 'demo', 'worker-1']) {
      const end = head.indexOf(title) + title.length
      for (const row of [first, second]) expect(row!.slice(end - 1, end + 1)).toMatch(/^\d $/)
    }
  })

  test('many ends do not push out what went wrong', () => {
    const shown = plain(screen(progress, { columns: 100, rows: 40 })).join('\n')
    expect(shown).toContain('late.txt: attempt 1 failed')
    expect(shown).toContain('file-29.md')
    expect(shown).not.toContain('file-26.md')
  })

  test('is never wider or higher than the terminal', () => {
    for (const columns of [1, 10, 20, 39, 40, 60, 80, 119, 120, 121, 250]) {
      for (const rows of [2, 5, 8, 12, 24, 50]) {
        const lines = screen(progress, { columns, rows })
        expect(lines.length).toBeLessThan(rows)
        for (const one of plain(lines)) expect(widthOf(one)).toBeLessThanOrEqual(columns)
      }
    }
  })

  test('a name or an error cannot control the terminal', () => {
    const name = 'a\x1b[2Jb\r\nc\x07\u202ed'
    const hostile = { ...progress, running: [{ name, attempt: 1, done: 0, total: 1 }] }
    const shown = plain(screen(hostile, { columns: 100, rows: 40 })).join('\n')
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/)
    expect(shown).toContain('ab c��d')
  })
})

describe('text', () => {
  test('columns are counted as a terminal does', () => {
    expect([widthOf('abc'), widthOf('資料'), widthOf('e\u0301'), widthOf('█…✓'), widthOf('🎉')]).toEqual([
      3, 4, 1, 3, 2,
    ])
  })

  test('what does not fit leaves an ellipsis, in the middle where both ends matter', () => {
    expect(fitText('hazards/listen.md', 10)).toBe('hazards/l…')
    expect(fitText('hazards/listen.md', 10, 'middle')).toBe('hazar…n.md')
    expect(fitText('資料資料', 4)).toBe('資…')
    expect(fitText('abc', 0)).toBe('')
  })

  test('a table shrinks the column that may, and aligns the others', () => {
    const rows = [
      [span('a long name'), span('1')],
      [span('b'), span('1,234')],
    ]
    const lines = plain(
      table(
        [
          { title: 'name', shrinks: 'end' },
          { title: 'n', align: 'right' },
        ],
        rows,
        15,
      ),
    )
    expect(lines).toEqual(['name          n', 'a long …      1', 'b         1,234'])
  })

  test('bytes have three digits at most', () => {
    expect([0, 999, 1_000, 9_949, 9_951, 999_499, 999_500, 1.25e9, 5e12].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '9.9 KB',
      '10 KB',
      '999 KB',
      '1.0 MB',
      '1.3 GB',
      '5.0 TB',
    ])
  })

  test('line feeds and tabs become single spaces', () => {
    expect(oneLine('  a\n\t b ')).toBe('a b')
  })
})

describe('the terminal', () => {
  afterEach(() => vi.unstubAllEnvs())

  function terminal(columns = 40): {
    readonly output: PassThrough & { columns: number }
    readonly written: () => string
  } {
    const output = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 10 })
    let written = ''
    output.on('data', (text: Buffer) => (written += text.toString('utf8')))
    return { output, written: () => written }
  }

  test('draws in place, hides the cursor meanwhile and gives it back', () => {
    vi.stubEnv('TERM', 'xterm')
    vi.stubEnv('NO_COLOR', '')
    const { output, written } = terminal()
    const view = openView(output)
    view.draw(() => [line(span('one', 'good')), line('two')])
    view.draw(() => [line('three')])
    view.close()
    const [first, second, rest] = written().split('\x1b[?25l').slice(1)
    expect(first).toContain('\x1b[32mone\x1b[0m\n')
    // Two lines were there: up by two, each line erased before it is written, the rest below erased.
    expect(second?.startsWith('\r\x1b[2A\x1b[2Kthree\n\x1b[J')).toBe(true)
    expect(rest).toBeUndefined()
    expect(written().endsWith('\x1b[?25h')).toBe(true)
  })

  test('a terminal that became narrower is drawn anew, from where the wrapped lines began', () => {
    vi.stubEnv('TERM', 'xterm')
    const { output, written } = terminal(40)
    const view = openView(output)
    view.draw(() => [line('x'.repeat(40)), line('y')])
    output.columns = 15
    output.emit('resize')
    // 40 columns take three rows of 15, and the line below one.
    expect(written().split('\x1b[?25l')[2]).toContain(`\r\x1b[4A\x1b[2K${'x'.repeat(14)}…\n`)
    view.close()
  })

  test('NO_COLOR: no colours, and the view is live all the same', () => {
    vi.stubEnv('TERM', 'xterm')
    vi.stubEnv('NO_COLOR', '1')
    const { output, written } = terminal()
    const view = openView(output)
    view.draw(() => [line(span('one', 'good'))])
    view.close()
    // eslint-disable-next-line no-control-regex -- the code that colours begin with
    expect(written()).not.toMatch(/\x1b\[\d*m/)
    expect(view.isLive).toBe(true)
  })

  test('no terminal, or a dumb one: lines are added, and nothing is drawn', () => {
    for (const isTTY of [false, true]) {
      vi.stubEnv('TERM', 'dumb')
      const { output, written } = terminal()
      const view = openView(Object.assign(output, { isTTY }))
      view.begin('Step')
      view.done('Step', 'done', 1_200)
      view.draw(() => [line('drawn')])
      view.print([line(span('printed', 'bad'))])
      view.close()
      expect(written()).toBe('✓ Step         done  1.2 s\nprinted\n')
    }
  })
})
