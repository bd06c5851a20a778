// What every page can do besides: say times as they pass, copy ids, ask before what cannot be undone, change the theme
// without a reload, count what is selected. Everything works without it as well.

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const steps = [
  [60, 'second', 1],
  [3_600, 'minute', 60],
  [86_400, 'hour', 3_600],
  [2_592_000, 'day', 86_400],
  [31_536_000, 'month', 2_592_000],
  [Infinity, 'year', 31_536_000],
]

function ago(time) {
  const seconds = Math.round((time - Date.now()) / 1_000)
  const size = Math.abs(seconds)
  if (size < 5) return 'now'
  const [, unit, divisor] = steps.find(([limit]) => size < limit)
  return relative.format(Math.trunc(seconds / divisor), unit)
}

function sayTimes() {
  for (const time of document.querySelectorAll('time[datetime]')) {
    const text = ago(Date.parse(time.dateTime))
    if (time.textContent !== text) time.textContent = text
  }
}

function showCopyButtons() {
  for (const button of document.querySelectorAll('button.copy[hidden]')) button.hidden = false
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy)
  button.classList.add('copied')
  setTimeout(() => button.classList.remove('copied'), 1_500)
}

function setTheme(form) {
  const input = form.elements.theme
  const theme = input.value
  document.documentElement.dataset.theme = theme
  document.cookie = `dashboard_theme=${theme}; path=/; max-age=31536000; samesite=strict`
  input.value = theme === 'dark' ? 'light' : 'dark'
  form.querySelector('button').textContent = theme === 'dark' ? 'Light theme' : 'Dark theme'
}

function countSelected() {
  for (const form of document.querySelectorAll('form[data-bulk]')) {
    const boxes = [...form.elements].filter((element) => element.type === 'checkbox' && element.name === 'id')
    const selected = boxes.filter((box) => box.checked).length
    const line = form.querySelector('[data-bulk-count]')
    if (line) line.textContent = selected === 0 ? 'With the selected:' : `${selected} selected:`
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button.copy')
  if (button) void copy(button)
})
document.addEventListener('submit', (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm
  if (question !== undefined && !confirm(question)) return event.preventDefault()
  if (event.target.matches('[data-theme-form]')) {
    event.preventDefault()
    setTheme(event.target)
  }
})
document.addEventListener('change', (event) => {
  if (event.target.matches('[data-select-all]')) {
    for (const box of document.querySelectorAll('input[type=checkbox][name=id]:not(:disabled)')) {
      box.checked = event.target.checked
    }
  }
  countSelected()
})
document.addEventListener('page:updated', () => {
  sayTimes()
  showCopyButtons()
  countSelected()
})
const themeForm = document.querySelector('[data-theme-form]')
if (themeForm && !document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches) {
  themeForm.elements.theme.value = 'light'
  themeForm.querySelector('button').textContent = 'Light theme'
}
setInterval(sayTimes, 10_000)
showCopyButtons()
countSelected()
