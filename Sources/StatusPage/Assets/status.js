// SPDX-License-Identifier: Apache-2.0
"use strict";
(() => {
  const period = 5000;
  const pause = 150;
  const filter = document.getElementById("filter");
  const news = document.getElementById("news");
  let asked = 0;
  let answered = new Date();
  let timer;

  function wait(time) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, time);
  }

  async function refresh() {
    const question = ++asked;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(period) });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Something else was asked for meanwhile.
      if (question !== asked) return;
      say(show(page.querySelector("main")) ? "" : "Paused while text is selected.");
      answered = new Date();
    } catch {
      if (question !== asked) return;
      say(`✗ The exporter does not answer; this is from ${answered.toLocaleTimeString()}.`, true);
    }
    wait(period);
  }

  function say(text, isBad = false) {
    if (news.textContent !== text) news.textContent = text;
    news.classList.toggle("bad", isBad);
  }

  function show(main) {
    // Do not replace selected text: the user may be copying it.
    const selection = getSelection();
    const old = document.querySelector("main");
    if (selection.type === "Range" && selection.containsNode(old, true)) return false;
    const focused = document.activeElement?.id;
    const open = document.getElementById("maps")?.open;
    old.replaceWith(document.adoptNode(main));
    const maps = document.getElementById("maps");
    if (maps && open) maps.open = true;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    return true;
  }

  // Shows something else: now, or when nothing more is typed.
  function ask(change, time = 0) {
    const address = new URL(location.href);
    change(address.searchParams);
    ++asked;
    history.replaceState(null, "", address);
    wait(time);
  }

  document.documentElement.classList.add("scripted");
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => {
    ask((query) => {
      if (filter.value) query.set("filter", filter.value);
      else query.delete("filter");
    }, pause);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("thead a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    getSelection().empty();
    ask((query) => {
      const wanted = new URL(link.href).searchParams;
      for (const name of ["sort", "order"]) {
        if (wanted.has(name)) query.set(name, wanted.get(name));
        else query.delete(name);
      }
    });
  });
  document.addEventListener("visibilitychange", () => wait(0));
  wait(period);
})();
