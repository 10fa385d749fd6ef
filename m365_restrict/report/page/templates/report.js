"use strict";
// Sorts, filters and pages the tables of this page. Without it each of them is there and whole.
(() => {
  const PAGE = 200;
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

  const textOf = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
  const keyOf = (cell) => cell.dataset.key ?? cell.querySelector("time")?.dateTime ?? textOf(cell);

  function order(one, other) {
    const numbers = [Number(one), Number(other)];
    return numbers.every(Number.isFinite) ? numbers[0] - numbers[1] : collator.compare(one, other);
  }

  function element(name, values) {
    return Object.assign(document.createElement(name), values);
  }

  function makeTable(list) {
    const table = list.querySelector("table.data");
    const tools = list.querySelector(".tools");
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const all = [...body.rows].map((row) => ({ row, text: textOf(row).toLowerCase() }));
    const search = tools.querySelector("input");
    const status = tools.querySelector("[role=status]");
    const pages = tools.querySelector(".pages");
    const chosen = new Map();
    let ordered = all;
    let matching = all;
    let first = 0;

    function show() {
      const seen = new Set(matching.slice(first, first + PAGE));
      for (const one of all) one.row.classList.toggle("off", !seen.has(one));
      const numbers = { first: first + 1, last: Math.min(first + PAGE, matching.length), all: matching.length };
      status.textContent = matching.length
        ? tools.dataset.shown.replace(/\{(\w+)\}/g, (_, name) => numbers[name].toLocaleString(document.documentElement.lang))
        : tools.dataset.none;
      for (const button of pages.children) {
        const start = first + Number(button.dataset.step) * PAGE;
        button.disabled = start < 0 || start >= matching.length;
      }
    }

    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const choices = [...chosen].filter(([, value]) => value);
      matching = ordered.filter(({ row, text }) =>
        words.every((word) => text.includes(word)) &&
        choices.every(([column, value]) => textOf(row.cells[column]) === value));
      first = 0;
      show();
    }

    function sortBy(column) {
      const head = heads[column];
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keys = new Map(all.map((one) => [one, keyOf(one.row.cells[column])]));
      ordered = [...all].sort((one, other) => (down ? -1 : 1) * order(keys.get(one), keys.get(other)));
      body.append(...ordered.map((one) => one.row));
      filter();
    }

    function choice(column) {
      const cells = new Map(all.map(({ row }) => [textOf(row.cells[column]), keyOf(row.cells[column])]));
      const values = [...cells].sort((one, other) => order(one[1], other[1]));
      if (values.length < 2) return;
      const select = element("select", {});
      select.append(element("option", { value: "", textContent: tools.dataset.any }));
      for (const [value] of values) select.append(element("option", { value, textContent: value }));
      const label = element("label", { textContent: `${textOf(heads[column])} ` });
      label.append(select);
      select.addEventListener("change", () => { chosen.set(column, select.value); filter(); });
      tools.querySelector(".choices").append(label);
    }

    function showTarget() {
      const row = document.getElementById(location.hash.slice(1))?.closest("tr");
      const place = ordered.findIndex((one) => one.row === row);
      if (place < 0) return;
      search.value = "";
      for (const select of tools.querySelectorAll("select")) select.value = "";
      chosen.clear();
      matching = ordered;
      first = place - (place % PAGE);
      show();
      row.scrollIntoView();
    }

    heads.forEach((head, column) => {
      if ("choose" in head.dataset) choice(column);
      if (!("sort" in head.dataset)) return;
      const button = element("button", { type: "button" });
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(column));
      head.append(button);
    });
    table.tHead.classList.add("sorts");
    search.addEventListener("input", filter);
    pages.hidden = all.length <= PAGE;
    pages.addEventListener("click", (event) => {
      first += Number(event.target.dataset.step ?? 0) * PAGE;
      show();
    });
    addEventListener("hashchange", showTarget);
    tools.hidden = false;
    show();
    showTarget();
  }

  for (const list of document.querySelectorAll(".list")) {
    if (list.querySelector("table.data").tBodies[0].rows.length > 1) makeTable(list);
  }

  // Paper has nothing to press: what is closed on the screen is printed open.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.closed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("details[data-closed]")) {
      one.open = false;
      delete one.dataset.closed;
    }
  });
})();
