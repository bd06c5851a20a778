import { expect, test } from 'vitest'
import { attributes, html, raw } from '../src/view/html.ts'
import { foreign, outside, shorten } from '../src/view/text.ts'

const hostile = `<script>alert('1')</script>"&\u0000`

test('a text in a template is text, in elements and in attributes', () => {
  const safe = '&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\uFFFD'
  expect(String(html`<p title="${hostile}">${hostile}</p>`)).toBe(`<p title="${safe}">${safe}</p>`)
  expect(String(html`<p${attributes({ title: hostile, hidden: true, lang: undefined })}></p>`)).toBe(
    `<p title="${safe}" hidden></p>`,
  )
  expect(String(html`${[hostile, raw('<br>')]}${null}${undefined}${false}${0}`)).toBe(`${safe}<br>0`)
})

test('a text of somebody else is isolated and cut, and not inside a character', () => {
  expect(String(foreign('\u202Eabc'))).toBe('<bdi class="foreign">\u202Eabc</bdi>')
  expect(shorten('😀😀😀', 3)).toBe('😀…')
  expect(String(foreign('x'.repeat(10_000))).length).toBeLessThan(2_500)
})

test('only http and https become links', () => {
  expect(String(outside('javascript:alert(1)'))).not.toContain('href')
  expect(String(outside('data:text/html,<script>'))).not.toContain('href')
  expect(String(outside('https://a.example/"x'))).toContain('href="https://a.example/&quot;x"')
})
