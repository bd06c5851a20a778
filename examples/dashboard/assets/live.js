// Keeps the part of the page that changes as it is on the server: told by server-sent events, asked for where they do not
// come through, and never again once it has ended.
import { morph } from './morph.js'

const pollMs = 3_000
const hopelessAfter = 3

const region = document.querySelector('#live')
if (region && region.dataset.ended === undefined) follow(region)

function follow(first) {
  let topics = first.dataset.topics
  let source
  let timer
  let failures = 0
  let refreshing
  let again = false

  const ended = () => document.querySelector('#live')?.dataset.ended !== undefined
  const stop = () => {
    source?.close()
    source = undefined
    clearTimeout(timer)
    timer = undefined
  }
  const stale = (isStale) => {
    const line = document.querySelector('#live > .stale')
    if (line) line.hidden = !isStale
    document.documentElement.toggleAttribute('data-stale', isStale)
  }

  /** Fetches the page and puts what is different in place; one at a time, and once more if something happened meanwhile. */
  const refresh = async () => {
    if (refreshing) {
      again = true
      return refreshing
    }
    refreshing = (async () => {
      do {
        again = false
        const response = await fetch(location.href, { headers: { 'x-part': 'main' }, cache: 'no-store' })
        if (response.status === 401) return location.reload()
        if (!response.ok) throw new Error(String(response.status))
        const page = new DOMParser().parseFromString(await response.text(), 'text/html')
        const next = page.querySelector('#live')
        const now = document.querySelector('#live')
        if (next && now) morph(now, next)
        const aside = [document.querySelector('.page-aside'), page.querySelector('.page-aside')]
        if (aside[0] && aside[1]) morph(aside[0], aside[1])
        document.dispatchEvent(new Event('page:updated'))
      } while (again)
    })()
    try {
      await refreshing
    } finally {
      refreshing = undefined
    }
  }

  const poll = async () => {
    timer = undefined
    try {
      await refresh()
      stale(false)
      failures = 0
    } catch {
      stale(true)
    }
    if (ended()) return stop()
    // Events may come through again.
    if (failures < hopelessAfter) listen()
    else timer = setTimeout(poll, pollMs)
  }

  /** A list has other rows by now. */
  const listenAnew = () => {
    const now = document.querySelector('#live')?.dataset.topics
    if (now === topics || now === undefined) return
    topics = now
    listen()
  }

  function listen() {
    stop()
    if (ended() || document.hidden) return
    if (typeof EventSource === 'undefined') {
      failures = hopelessAfter
      timer = setTimeout(poll, pollMs)
      return
    }
    // A path is a stream of its own, which only says that something is different.
    const isPath = topics.startsWith('/')
    source = new EventSource(isPath ? topics : `/live?topics=${encodeURIComponent(topics)}`)
    source.addEventListener('open', () => {
      failures = 0
      stale(false)
    })
    const kinds = isPath ? ['change'] : topics.split(',').map((topic) => topic.split(':')[0])
    for (const kind of new Set(kinds)) {
      source.addEventListener(kind, () => void refresh().then(listenAnew, () => stale(true)))
    }
    source.addEventListener('end', () => {
      stop()
      void refresh()
        .then(() => stale(false))
        .catch(() => {
          timer = setTimeout(poll, pollMs)
        })
    })
    source.addEventListener('error', () => {
      stale(true)
      // The browser comes back by itself unless the answer was not a stream.
      if (source?.readyState !== EventSource.CLOSED) return
      failures += 1
      stop()
      timer = setTimeout(poll, pollMs)
    })
  }

  // Nobody looks at a hidden page.
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : listen()))
  addEventListener('pagehide', stop)
  addEventListener('pageshow', (event) => event.persisted && listen())
  listen()
}
