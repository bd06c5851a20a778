/** Reads the filters of a page from its address; empty ones count as not given. */
export function queryOf(url: URL): (name: string) => string | undefined {
  return (name) => {
    const value = url.searchParams.get(name)?.trim()
    return value === '' ? undefined : value
  }
}

/** The value if it is one of the choices. A filter that nobody offers is none: the link was made by hand. */
export function oneOf<Choice extends string>(
  choices: readonly Choice[],
  value: string | undefined,
): Choice | undefined {
  return choices.find((choice) => choice === value)
}

/** A number of a keyset page. */
export function numberOf(value: string | undefined): number | undefined {
  return value === undefined || !/^\d{1,10}$/.test(value) ? undefined : Number(value)
}

/** Drops what is undefined, for options that take no `undefined`. */
export function given<Values extends Readonly<Record<string, unknown>>>(
  values: Values,
): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>
  }
}
