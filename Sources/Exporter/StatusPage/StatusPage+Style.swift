// SPDX-License-Identifier: Apache-2.0

extension StatusPage {
  /// What the page looks like: `-/status.css`. Text has a contrast of 4.5 or more to what is behind it.
  static let style = """
    :root {
      color-scheme: light dark;
      --ground: #fff; --text: #1b1f24; --faint: #5b6570; --line: #e3e7eb; --link: #0b5cad; --bad: #b3261e; --worse: #7a5200;
      --good: #1a6e3a; --curve: #3b6ea8; --hover: #f3f6f9;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14171a; --text: #e3e7eb; --faint: #9aa5b1; --line: #2a3037; --link: #7db7f0; --bad: #ff8a80; --worse: #f0c36d;
        --good: #7ecf9a; --curve: #7fb0e6; --hover: #1c2126;
      }
    }
    * { box-sizing: border-box }
    body {
      background: var(--ground); color: var(--text); font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 74rem;
      padding: 1.25rem 1.25rem 2rem; font-variant-numeric: tabular-nums;
    }
    a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 3px }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
    header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem }
    h1 { font-size: 1.15rem; margin: 0 }
    nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem }
    form { margin-left: auto }
    form label { color: var(--faint) }
    input, button {
      background: var(--ground); border: 1px solid var(--faint); border-radius: 4px; color: inherit; font: inherit; padding: .2rem .5rem;
    }
    ::placeholder { color: var(--faint); opacity: 1 }
    .scripted button { display: none }
    #news { color: var(--faint); flex-basis: 100%; margin: 0 }
    #news:empty { display: none }
    .totals { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin: 1.25rem 0 1rem }
    .totals dt { color: var(--faint); font-size: .8rem }
    .totals dd { font-size: 1.5rem; line-height: 1.3; margin: 0 }
    .totals .sparkline { margin-left: auto; width: auto }
    .totals svg { height: 30px; width: 177px }
    .health { border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .1rem 1.75rem; list-style: none; margin: 0; padding: .6rem 0 0 }
    .mark { font-weight: 600 }
    .good .mark { color: var(--good) }
    #news.bad, .health .bad { color: var(--bad); flex-basis: 100%; font-weight: 600 }
    .health .worse { color: var(--worse) }
    .health .note { color: var(--faint) }
    details { margin: .15rem 0 1.25rem }
    summary { color: var(--faint); cursor: pointer; width: fit-content }
    table { border-collapse: collapse; width: 100% }
    .maps { margin: .25rem 0 0 1.1rem; width: auto }
    caption { font-weight: 600; padding: .25rem 0; text-align: left }
    .count { color: var(--faint); font-weight: normal }
    th, td { border-bottom: 1px solid var(--line); font-weight: normal; padding: .22rem 0 .22rem 1.25rem; text-align: left }
    th:first-child, td:first-child { padding-left: 0 }
    thead th { border-color: var(--faint); color: var(--faint); white-space: nowrap }
    thead a { color: inherit; text-decoration: none }
    thead a:hover { text-decoration: underline }
    th[aria-sort] { color: var(--text); font-weight: 600 }
    .arrow { display: inline-block; font-size: .7em; width: 1.2em; text-align: right }
    th:not([aria-sort]) .arrow { display: none }
    tbody tr:hover { background: var(--hover) }
    .number { text-align: right; white-space: nowrap }
    .name { overflow-wrap: anywhere }
    .container { font-weight: 600 }
    .pod, .ended { color: var(--faint); font-size: .9em; margin-left: .35rem }
    .over .container { color: var(--faint); font-weight: normal }
    .over td, .lesser, .zero { color: var(--faint) }
    td.number.lesser:not(.zero) { color: inherit }
    td.bad { color: var(--bad); font-weight: 600 }
    .failures { color: var(--bad) }
    .sparkline { width: 9.5rem }
    svg { display: block; height: 20px; overflow: visible; width: 118px }
    td.sparkline svg, td.sparkline .zero { margin-left: auto }
    polyline { fill: none; stroke: var(--curve); stroke-width: 1.25; vector-effect: non-scaling-stroke }
    polygon { fill: var(--bad); opacity: .6 }
    .over svg { opacity: .55 }
    footer { color: var(--faint); font-size: .85rem; margin-top: 1.5rem }
    @media (max-width: 60rem) {
      td.lesser, th.lesser { display: none }
      .pod { display: block; margin-left: 0 }
    }
    @media (max-width: 40rem) {
      body { padding: .75rem }
      form { margin-left: 0 }
      .totals { gap: .5rem 1.25rem }
      .totals dd { font-size: 1.25rem }
      .totals .sparkline { margin-left: 0 }
      td.sparkline, th.sparkline { display: none }
      th, td { padding-left: .6rem }
    }

    """
}
