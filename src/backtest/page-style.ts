// How the page of a backtest looks. Blue and orange are told apart by colour-blind readers too, and by the order of the bars.

export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1c2230; --dim: #5d6678; --paper: #fff; --panel: #f4f6f9; --line: #dde2ea;
  --fraud: #d9480f; --genuine: #2f6fb3; --review: #e0b040; --challenge: #d9772b; --block: #b3261e; --precision: #2f6fb3; --recall: #6aa84f }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ef; --dim: #9aa3b2; --paper: #14171d; --panel: #1d222b; --line: #323946;
    --fraud: #ff8a4c; --genuine: #6aa9e9; --review: #e8c468; --challenge: #f0954f; --block: #ef6a60; --precision: #6aa9e9; --recall: #8fcf74 }
}
body { margin: 0; background: var(--paper); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 24px }
h1 { margin: 0 0 4px; font-size: 26px } h2 { margin: 0 0 4px; font-size: 18px } h3 { margin: 16px 0 4px; font-size: 15px }
header p { margin: 4px 0 } .dim { color: var(--dim); font-size: 13px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin: 20px 0 }
.tile { display: flex; flex-direction: column; padding: 12px 16px; border-radius: 8px; background: var(--panel) }
.tile strong { font-size: 24px; font-variant-numeric: tabular-nums }
section { margin: 28px 0 } svg { width: 100%; height: auto }
.legend { margin: 0 0 8px; color: var(--dim); font-size: 13px } .key { display: inline-block; width: 11px; height: 11px; margin: 0 5px 0 10px; border-radius: 2px }
.grid { stroke: var(--line) } .tick { fill: var(--dim); font-size: 11px } .row { fill: var(--text); font-size: 12px }
.fraud { fill: var(--fraud); background: var(--fraud) } .genuine { fill: var(--genuine); background: var(--genuine) }
.review { fill: var(--review); background: var(--review) } .challenge { fill: var(--challenge); background: var(--challenge) }
.block { fill: var(--block); background: var(--block) } .precision { fill: var(--precision); background: var(--precision) }
.recall { fill: var(--recall); background: var(--recall) }
.scroll { overflow-x: auto } table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: 4px 8px; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap } th { color: var(--dim); font-weight: 600 }
.number { text-align: right }
`
