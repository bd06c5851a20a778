import type { Authentication, Logger } from '@pooler-safe/example-foundation'
import type { Platform } from '@pooler-safe/example-platform'
import type { Context, Hono } from 'hono'
import type { PageContent, Theme } from './view/layout.ts'

/** Who is looking, known of every request that reaches a page. */
export interface Visitor extends Authentication {
  readonly tenantName: string
  /** What every form has to carry. */
  readonly csrf: string
}

export interface DashboardEnv {
  Variables: {
    visitor: Visitor
    theme: Theme
    /** Of the page, to build links from. */
    url: URL
  }
}

export type PageRequestContext = Context<DashboardEnv>

/** What pages are made with. */
export interface PageTools {
  readonly platform: Platform
  readonly logger: Logger
  /** Answers with a page, or with its changing part when an update asks for that. */
  readonly render: (
    c: PageRequestContext,
    content: PageContent,
    status?: 200 | 403 | 404 | 409 | 413 | 422 | 500 | 503,
  ) => Response
  /** After a form: says what was done and goes to a page. */
  readonly done: (c: PageRequestContext, to: string, text: string, undo?: Undo) => Response
  /** Reads a form and refuses one that is not ours. @throws RequestRefused */
  readonly form: (c: PageRequestContext) => Promise<FormFields>
}

/** What takes a change back. */
export interface Undo {
  readonly action: string
  readonly values: Readonly<Record<string, string>>
}

/** A page of the navigation, or several of one kind. */
export interface DashboardPanel {
  readonly href: string
  readonly label: string
  routes(app: Hono<DashboardEnv>, tools: PageTools): void
}

/** The fields of a form that was sent. */
export class FormFields {
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields
  }

  /** The trimmed text of a field; empty when there is none. */
  text(name: string): string {
    const value = this.#fields[name]
    const last: unknown = Array.isArray(value) ? value.at(-1) : value
    return typeof last === 'string' ? last.trim() : ''
  }

  /** The text, or undefined when the field was left empty. */
  optional(name: string): string | undefined {
    return this.text(name) || undefined
  }

  /** A number; NaN when it is none, so that the service says what is wrong; undefined when it was left empty. */
  number(name: string): number | undefined {
    const text = this.text(name)
    return text === '' ? undefined : Number(text)
  }

  all(name: string): string[] {
    const value = this.#fields[name]
    return (Array.isArray(value) ? value : [value]).filter(
      (one): one is string => typeof one === 'string' && one !== '',
    )
  }

  file(name: string): File | undefined {
    const value = this.#fields[name]
    return value instanceof File && value.size > 0 ? value : undefined
  }
}
