// What reports in HTML are made of: one page that loads nothing, needs no script, and follows the reader's light or dark.
import { escaped } from './charts.ts'
import { PAGE_STYLE } from './page-style.ts'

/** `style` is added to the one of all pages. */
export function page(title: string, sections: readonly string[], style = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}${style}</style>
</head>
<body><main>
${sections.join('\n')}
</main></body>
</html>
`
}

export function section(title: string, content: string, key = ''): string {
  return `<section><h2>${escaped(title)}</h2>${key}${content}</section>`
}

export function legend(names: readonly string[]): string {
  return `<p class="legend">${names.map((name) => `<span class="key ${name}"></span>${name}`).join(' ')}</p>`
}

/** Columns from `numbersFrom` on are set right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbersFrom: number,
): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]): string =>
    row
      .map((text, i) => `<${tag}${i >= numbersFrom ? ' class="number"' : ''}>${escaped(text)}</${tag}>`)
      .join('')
  return `<div class="scroll"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${rows
    .map((row) => `<tr>${cells('td', row)}</tr>`)
    .join('')}</tbody></table></div>`
}
