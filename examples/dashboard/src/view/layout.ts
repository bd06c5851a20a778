import { badge } from './badge.ts'
import { csrfField } from './form.ts'
import { attributes, html, nothing, raw, type Html, type Value } from './html.ts'

/** An entry of the navigation. */
export interface NavEntry {
  readonly href: string
  readonly label: string
}

export type Theme = 'auto' | 'light' | 'dark'

/** A line about what was just done, and how to take it back. */
export interface Notice {
  readonly text: string
  readonly undo?: { readonly action: string; readonly values: Readonly<Record<string, string>> } | undefined
}

/** What every page knows besides its content. */
export interface PageFrame {
  readonly nav: readonly NavEntry[]
  /** The path of the page. */
  readonly path: string
  readonly theme: Theme
  /** Undefined when nobody is signed in. */
  readonly csrf: string | undefined
  readonly tenantName: string | undefined
  readonly notice: Notice | undefined
  readonly assets: (name: string) => string
}

/** A page without what stands around it. */
export interface PageContent {
  readonly title: string
  /** Stands before the title, such as where the page belongs. */
  readonly crumbs?: readonly NavEntry[]
  /** Stands behind the title: a state, buttons. */
  readonly aside?: Value
  readonly body: Value
}

/** The part of a page that an update replaces. */
export function mainOf({ title, crumbs = [], aside = nothing, body }: PageContent): Html {
  return html`<header class="page-head">
      ${crumbs.length > 0 ? html`<nav class="crumbs" aria-label="Above">${crumbs.map(({ href, label }) => html`<a href="${href}">${label}</a>`)}</nav>` : nothing}
      <div class="page-title">
        <h1><bdi>${title}</bdi></h1>
        <div class="page-aside">${aside}</div>
      </div>
    </header>
    ${body}`
}

/** A whole page. */
export function layout(content: PageContent, frame: PageFrame): Html {
  const { theme, assets, notice, csrf } = frame
  return html`<!doctype html>
    <html lang="en" ${attributes({ 'data-theme': theme === 'auto' ? undefined : theme })}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${content.title} · pooler-safe</title>
        <link rel="icon" href="${assets('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets('dashboard.css')}" />
        ${['live.js', 'page.js'].map((name) => html`<script type="module" src="${assets(name)}"></script>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <div class="shell${raw(csrf === undefined ? ' alone' : '')}">
          ${csrf === undefined ? nothing : sidebar(frame, csrf)}
          <main id="main" tabindex="-1">${notice ? noticeBar(notice, csrf ?? '') : nothing} ${mainOf(content)}</main>
        </div>
      </body>
    </html> `
}

function sidebar({ nav, path, theme, tenantName }: PageFrame, csrf: string): Html {
  const current = nav
    .filter(({ href }) => (href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)))
    .at(-1)
  const next: Theme = theme === 'dark' ? 'light' : 'dark'
  return html`<header class="sidebar">
    <a class="brand" href="/"
      ><svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2 4h12M2 8h7M2 12h12" />
        <circle cx="12.5" cy="8" r="1.8" /></svg
      >pooler-safe</a
    >
    <nav aria-label="Main">
      <ul>
        ${nav.map((entry) => html`<li><a href="${entry.href}" ${attributes({ 'aria-current': entry === current ? 'page' : undefined })}>${entry.label}</a></li>`)}
      </ul>
    </nav>
    <div class="sidebar-foot">
      ${tenantName === undefined ? nothing : html`<p class="tenant" title="Tenant"><bdi>${tenantName}</bdi></p>`}
      <form method="post" action="/theme" data-theme-form>
        ${csrfField(csrf)}<input type="hidden" name="theme" value="${next}" /><button type="submit" class="link">
          ${next === 'dark' ? 'Dark' : 'Light'} theme
        </button>
      </form>
      <form method="post" action="/sign-out">
        ${csrfField(csrf)}<button type="submit" class="link">Sign out</button>
      </form>
    </div>
  </header>`
}

function noticeBar({ text, undo }: Notice, csrf: string): Html {
  return html`<div class="notice" role="status">
    <p><bdi>${text}</bdi></p>
    ${
      undo
        ? html`<form method="post" action="${undo.action}">
            ${csrfField(csrf)}${Object.entries(undo.values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}<button
              type="submit"
            >
              Undo
            </button>
          </form>`
        : nothing
    }
  </div>`
}

/**
 * What changes while it is looked at. The browser listens to the topics and fetches the page again when something happens;
 * once `ended` it never asks again. A path instead of topics is a stream of the page's own, of events named `change`.
 */
export function live(topics: string, ended: boolean, body: Value): Html {
  return html`<div id="live" data-topics="${topics}" ${attributes({ 'data-ended': ended })}>
    <p class="stale" role="status" hidden>Connection lost. What you see may be out of date; trying again …</p>
    ${body}
  </div>`
}

/** A part of a page with a heading. */
export function section(title: string, body: Value, aside: Value = nothing): Html {
  return html`<section class="section">
    <div class="section-head">
      <h2>${title}</h2>
      ${aside}
    </div>
    ${body}
  </section>`
}

/** Pages of one thing, side by side. */
export function tabs(entries: readonly (NavEntry & { readonly count?: number | undefined })[], path: string): Html {
  return html`<nav class="tabs" aria-label="Views">
    <ul>
      ${entries.map(
        ({ href, label, count }) =>
          html`<li>
            <a href="${href}" ${attributes({ 'aria-current': href === path ? 'page' : undefined })}
              >${label}${count === undefined ? nothing : html` <span class="num">${count.toLocaleString('en')}</span>`}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`
}

/** The state of something beside its title. */
export function titleState(state: string): Html {
  return html`<span class="title-state">${badge(state)}</span>`
}
