// SPDX-License-Identifier: Apache-2.0

extension StatusPage {
  /// What the page looks like: `-/status.css`.
  static let style = """
    :root {
      --ground: #fff; --text: #1b1f24; --faint: #5b6570; --line: #d9dee3; --link: #0b5cad; --bad: #b3261e; --worth: #7a5200; --good: #1a6e3a;
      --curve: #3b6ea8; --hover: #f3f6f9;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14171a; --text: #e3e7eb; --faint: #9aa5b1; --line: #2d343b; --link: #7db7f0; --bad: #ff8a80; --worth: #f0c36d; --good: #7ecf9a;
        --curve: #7fb0e6; --hover: #1c2126;
      }
    }
    * { box-sizing: border-box }
    body {
      background: var(--ground); color: var(--text); font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem;
      padding: 1rem 1.25rem 2rem; font-variant-numeric: tabular-nums;
    }
    a { color: var(--link); text-underline-offset: 2px }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
    header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem }
    h1 { font-size: 1.15rem; margin: 0 }
    nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem }
    form { margin-left: auto }
    form label { color: var(--faint) }
    input, button {
      background: var(--ground); border: 1px solid var(--faint); border-radius: 4px; color: inherit; font: inherit; padding: .2rem .5rem;
    }
    .scripted button { display: none }
    #news { color: var(--bad); flex-basis: 100%; margin: 0 }
    #news:empty { display: none }
    .totals { border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0 .75rem; padding-bottom: .75rem }
    .totals dt { color: var(--faint); font-size: .8rem }
    .totals dd { font-size: 1.35rem; margin: 0 }
    .health { display: flex; flex-wrap: wrap; gap: .1rem 1.5rem; list-style: none; margin: 0; padding: 0 }
    .health .good .mark { color: var(--good) }
    .health .bad { color: var(--bad); font-weight: 600 }
    .health .worth { color: var(--worth) }
    details { margin: .25rem 0 1rem }
    summary { color: var(--faint); cursor: pointer }
    table { border-collapse: collapse; width: 100% }
    .maps { width: auto }
    caption { font-weight: 600; padding: .25rem 0; text-align: left }
    th, td { border-bottom: 1px solid var(--line); font-weight: normal; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: middle }
    thead th { color: var(--faint); white-space: nowrap }
    thead a { color: inherit; text-decoration: none }
    thead a:hover { text-decoration: underline }
    th[aria-sort] { color: var(--text); font-weight: 600 }
    tbody tr:hover { background: var(--hover) }
    .number { text-align: right; white-space: nowrap }
    .name { overflow-wrap: anywhere }
    .container { font-weight: 600 }
    .pod { color: var(--faint); display: block; font-size: .85rem }
    .ended { color: var(--faint); font-size: .85rem }
    .over td, .over .container { color: var(--faint) }
    .lesser, .nothing { color: var(--faint) }
    td.number.lesser { color: inherit }
    td.bad { color: var(--bad); font-weight: 600 }
    .failures { color: var(--bad) }
    .course { width: 8.5rem }
    svg { display: block; height: 20px; width: 118px }
    polyline { fill: none; stroke: var(--curve); stroke-width: 1.25; vector-effect: non-scaling-stroke }
    polygon { fill: var(--bad); opacity: .55 }
    footer { color: var(--faint); font-size: .85rem; margin-top: 1.5rem }
    @media (max-width: 60rem) { td.lesser, th.lesser { display: none } }
    @media (max-width: 40rem) {
      body { padding: .75rem }
      form { margin-left: 0 }
      td.course, th.course { display: none }
      .totals { gap: .5rem 1.25rem }
      th, td { padding-right: .5rem }
    }

    """

  /// What refreshes the page: `-/status.js`. It asks for the same page, and puts its `main` in place of the one that is there.
  static let script = """
    "use strict";
    (() => {
      const period = 5000;
      const filter = document.getElementById("filter");
      const news = document.getElementById("news");
      let asked = 0;
      let timer;

      async function refresh() {
        clearTimeout(timer);
        const question = ++asked;
        try {
          const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(period) });
          if (!answer.ok) throw new Error();
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          // What was typed meanwhile has been asked for since.
          if (question !== asked) return;
          show(page.querySelector("main"));
          news.textContent = "";
        } catch {
          if (question !== asked) return;
          news.textContent = "The exporter does not answer; what is shown is older.";
        }
        timer = setTimeout(refresh, period);
      }

      function show(main) {
        const open = document.getElementById("maps")?.open ?? false;
        const focused = document.activeElement?.id;
        document.querySelector("main").replaceWith(document.adoptNode(main));
        const maps = document.getElementById("maps");
        if (maps) maps.open = open;
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
      }

      function ask(change) {
        const address = new URL(location.href);
        change(address.searchParams);
        history.replaceState(null, "", address);
        refresh();
      }

      document.documentElement.classList.add("scripted");
      filter.form.addEventListener("submit", (event) => event.preventDefault());
      filter.addEventListener("input", () => ask((query) => {
        if (filter.value) query.set("filter", filter.value);
        else query.delete("filter");
      }));
      document.addEventListener("click", (event) => {
        const link = event.target.closest("thead a");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        ask((query) => {
          const wanted = new URL(link.href).searchParams;
          for (const name of ["sort", "order"]) {
            if (wanted.has(name)) query.set(name, wanted.get(name));
            else query.delete(name);
          }
        });
      });
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) clearTimeout(timer);
        else refresh();
      });
      timer = setTimeout(refresh, period);
    })();

    """
}
