"use strict";
// The explorer of the clusters: one state (selected cluster, colour, level, query), four views of it (tree, search, map,
// detail). Texts reach the page by textContent alone.
(() => {
  const { clusters, facets, levels } = JSON.parse(document.getElementById("data").textContent);
  const size = clusters.id.length;
  const BRANCH = 100; // children of one cluster shown at once
  const HITS = 60;
  const UNNAMED = "Name withheld";
  const PATTERNS = {
    directive: "Directive", feedback_loop: "Feedback loop", task_iteration: "Task iteration", learning: "Learning",
    validation: "Validation", none: "None of the patterns", not_classified: "Not classified", work: "Work",
    coursework: "Coursework", personal: "Personal",
  };
  const languages = new Intl.DisplayNames(["en"], { type: "language" });
  const byId = (id) => document.getElementById(id);
  const state = { selected: -1, colour: "group", level: levels.at(-1).level, value: null };

  // ---- Clusters and their facets

  const children = Array.from({ length: size }, () => []);
  const roots = [];
  clusters.parent.forEach((parent, i) => (parent < 0 ? roots : children[parent]).push(i));
  const largest = Math.max(...roots.map((i) => clusters.share[i] ?? 0), 1e-9);
  // In the address a cluster has the id that it keeps from month to month, where it has one.
  const lasting = clusters.id.map((id, i) => clusters.lasting[i] ?? id);
  const place = new Map([...clusters.id.map((id, i) => [id, i]), ...lasting.map((id, i) => [id, i])]);
  const nameOf = (i) => clusters.name[i] ?? (clusters.share[i] === null ? "Withheld" : UNNAMED);
  const ancestors = (i) => { const up = []; for (let at = clusters.parent[i]; at >= 0; at = clusters.parent[at]) up.unshift(at); return up; };
  const groupOf = clusters.parent.map((_, i) => ancestors(i)[0] ?? i);
  const percent = (share) => {
    if (share === null || share === undefined) return "withheld";
    if (share === 0) return "0%";
    const value = share * 100;
    return `${value < 0.01 ? "<0.01" : value < 1 ? value.toFixed(2) : value.toFixed(1)}%`;
  };
  const titleOf = (facet, value) => {
    if (facet.id !== "language" || value === "not_classified") return PATTERNS[value] ?? value;
    try { return languages.of(value); } catch { return value; }
  };
  // Shares of a facet's values in each cluster, and the value that is commonest there.
  for (const facet of facets) {
    facet.shares = facet.parts.map((flat) => {
      const found = new Map();
      for (let at = 0; at < flat.length; at += 2) found.set(flat[at], flat[at + 1]);
      return found;
    });
    facet.top = facet.shares.map((found, i) => {
      const [value, share] = [...found].reduce((best, next) => ((next[1] ?? 0) > best[1] ? next : best), [-1, 0]);
      return share > (facet.rest[i] ?? 0) ? value : -1;
    });
  }
  const facetOf = (id) => facets.find((facet) => facet.id === id);

  // ---- Elements

  function make(tag, attributes = {}, ...content) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name.startsWith("--")) element.style.setProperty(name, value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...content.filter((part) => part !== null));
    return element;
  }
  const link = (i, text = nameOf(i)) => make("button", { type: "button", class: "link", onclick: () => select(i, "detail") }, text);

  // ---- Tree: items are made when their branch opens; one item at a time is in the tab order

  const tree = byId("tree");
  const items = new Map();

  function makeItem(i, at, of) {
    const below = children[i].length;
    const share = clusters.share[i];
    const item = make("li", {
      role: "treeitem", tabindex: -1, "aria-level": ancestors(i).length + 1, "aria-setsize": of, "aria-posinset": at + 1,
      "aria-selected": "false", "aria-expanded": below ? "false" : null,
      "aria-label": `${nameOf(i)}, ${percent(share)}${below ? `, ${below} below` : ""}`,
    }, make("div", { class: "line", onclick: (event) => { if (event.target.closest(".turn") || i === state.selected) toggle(i); select(i, "tree"); } },
      make("span", { class: "turn", "aria-hidden": "true" }, below ? "▶" : ""),
      make("span", { class: clusters.name[i] ? "name" : "name missing" }, nameOf(i)),
      make("span", { class: "size" }, percent(share)),
      make("span", { class: "track", "--part": `${(100 * (share ?? 0)) / largest}%` })));
    item.dataset.place = i;
    items.set(i, item);
    return item;
  }

  function fill(list, branch, from = 0, until = from + BRANCH) {
    list.append(...branch.slice(from, until).map((i, n) => makeItem(i, from + n, branch.length)));
    if (branch.length > until) {
      const more = make("li", { role: "treeitem", tabindex: -1, class: "more", "aria-label": `Show more of ${branch.length}` },
        make("div", { class: "line" }, make("span"), make("span", { class: "name missing" }, `${branch.length - until} more…`)));
      const open = () => { more.remove(); fill(list, branch, until); focusItem(items.get(branch[until])); };
      more.addEventListener("click", open);
      more.open = open;
      list.append(more);
    }
  }

  function note(i) {
    const count = clusters.withheldBelow[i];
    const text = `${count} smaller ${count === 1 ? "cluster" : "clusters"} withheld`;
    return make("li", { role: "none" }, make("div", { class: "line" }, make("span"), make("span", { class: "name missing" }, text)));
  }

  function toggle(i, open = items.get(i).getAttribute("aria-expanded") === "false") {
    const item = items.get(i);
    if (!children[i].length) return;
    let group = item.querySelector(":scope > ul");
    if (open && !group) {
      group = make("ul", { role: "group" });
      fill(group, children[i]);
      if (clusters.withheldBelow[i]) group.append(note(i));
      item.append(group);
    }
    item.setAttribute("aria-expanded", String(open));
    if (group) group.hidden = !open;
  }

  function reveal(i) {
    let [list, branch] = [tree, roots];
    for (const at of [...ancestors(i), i]) {
      while (!items.has(at)) {
        list.querySelector(":scope > .more").remove();
        fill(list, branch, list.querySelectorAll(":scope > li[data-place]").length);
      }
      if (at !== i) toggle(at, true);
      [list, branch] = [items.get(at).querySelector(":scope > ul"), children[at]];
    }
    return items.get(i);
  }

  function focusItem(item) {
    tree.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    item.setAttribute("tabindex", 0);
    item.focus({ preventScroll: true });
    item.firstElementChild.scrollIntoView({ block: "nearest" });
  }

  const visibleItems = () => [...tree.querySelectorAll("[role='treeitem']")].filter((item) => !item.parentElement.closest("[hidden]"));

  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role='treeitem']");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const i = item.dataset.place === undefined ? null : Number(item.dataset.place);
    const expanded = item.getAttribute("aria-expanded");
    const step = (by) => { const all = visibleItems(); const next = all[all.indexOf(item) + by]; if (next) focusItem(next); };
    const keys = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      ArrowRight: () => { if (expanded === "false") toggle(i, true); else if (expanded === "true") step(1); },
      ArrowLeft: () => {
        if (expanded === "true") toggle(i, false);
        else { const up = item.parentElement.closest("[role='treeitem']"); if (up) focusItem(up); }
      },
      Home: () => focusItem(visibleItems()[0]),
      End: () => focusItem(visibleItems().at(-1)),
      Enter: () => (i === null ? item.open() : select(i, "keyboard")),
      " ": () => (i === null ? item.open() : select(i, "tree")),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // ---- Search

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const names = clusters.name.map((name) => plain(name ?? ""));
  const texts = clusters.text.map((text) => plain(text ?? ""));
  const query = byId("query");
  const results = byId("results");
  let matches = null;

  function search() {
    const words = plain(query.value).split(/\s+/).filter(Boolean);
    matches = null;
    if (words.length) {
      const found = [];
      for (let i = 0; i < size; i += 1) {
        let score = 0;
        for (const word of words) {
          const at = names[i].indexOf(word);
          const own = at === 0 || (at > 0 && names[i][at - 1] === " ") ? 3 : at > 0 ? 2 : texts[i].includes(word) ? 1 : 0;
          score = own ? score + own : -Infinity;
        }
        if (score > 0) found.push([score, i]);
      }
      found.sort((a, b) => b[0] - a[0] || (clusters.share[b[1]] ?? 0) - (clusters.share[a[1]] ?? 0));
      matches = found.map(([, i]) => i);
      results.replaceChildren(...matches.slice(0, HITS).map((i) => hit(i, words[0])));
      const shown = matches.length > HITS ? `, the best ${HITS} shown` : "";
      byId("found").textContent = `${matches.length || "No"} ${matches.length === 1 ? "cluster" : "clusters"}${shown}`;
    } else byId("found").textContent = "";
    results.hidden = !matches;
    tree.hidden = Boolean(matches);
    byId("rest").hidden = Boolean(matches);
    map.found = matches && new Set(matches);
    draw();
  }

  function hit(i, word) {
    const name = nameOf(i);
    const at = plain(name).length === name.length ? plain(name).indexOf(word) : -1;
    const marked = at < 0 ? [name] : [name.slice(0, at), make("mark", {}, name.slice(at, at + word.length)), name.slice(at + word.length)];
    const path = ancestors(i).map(nameOf).join(" › ");
    return make("li", {}, make("button", { type: "button", "aria-current": String(i === state.selected), onclick: () => select(i, "search") },
      make("span", { class: "name" }, ...marked), " ", make("span", { class: "size" }, percent(clusters.share[i])), path ? make("small", {}, path) : null));
  }

  query.addEventListener("input", search);
  byId("query").parentElement.parentElement.addEventListener("keydown", (event) => {
    if (!matches || !event.target.closest(".find, .results")) return;
    const stops = [query, ...results.querySelectorAll("button")];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) stops[stops.indexOf(event.target) + by]?.focus();
    else if (event.key === "Enter" && event.target === query && matches.length) select(matches[0], "search");
    else if (event.key === "Escape") { query.value = ""; search(); query.focus(); } else return;
    event.preventDefault();
  });

  // ---- Detail

  function bars(facet, i) {
    const above = clusters.parent[i];
    const rows = [...facet.shares[i]].map(([value, share]) => {
      const base = above >= 0 ? facet.shares[above].get(value) : null;
      const bar = make("div", { class: "bar" }, !share ? null : make("i", { "--mark": colourOf(facet, value), "--part": `${100 * (share ?? 0)}%` }),
        base ? make("b", { "--part": `${100 * base}%` }) : null);
      const beside = base ? `${percent(base)} in ${nameOf(above)}` : null;
      return make("tr", { title: beside }, make("th", { scope: "row" }, titleOf(facet, facet.values[value])), make("td", {}, bar),
        make("td", { class: share === null ? "missing" : null }, percent(share), beside ? make("span", { class: "hidden" }, `, ${beside}`) : ""));
    });
    const rest = facet.rest[i];
    if (rest) rows.push(make("tr", {}, make("th", { scope: "row", class: "missing" }, "Withheld together"), make("td", {}), make("td", {}, percent(rest))));
    return [make("h3", {}, facet.title), rows.length ? make("table", { class: "bars", "aria-label": facet.title }, make("tbody", {}, ...rows))
      : make("p", { class: "quiet" }, "Withheld for this cluster.")];
  }

  function showDetail(i) {
    const detail = byId("detail");
    if (i < 0) {
      detail.replaceChildren(make("h2", {}, "Choose a cluster"), make("p", { class: "quiet" },
        "Select one in the tree or on the map to see how its conversations divide by collaboration pattern, use case and language."),
        make("p", { class: "quiet" }, "Near on the map means asked for in similar words; the area of a circle is its share of occupational conversations. " +
        "Click a colour below the map to shade every cluster by how common that value is in it."));
      return;
    }
    const up = ancestors(i);
    const fact = (title, value) => make("div", {}, make("dd", {}, value), make("dt", {}, title));
    const kids = children[i].slice(0, 12).map((kid) => make("li", {}, link(kid), make("span", { class: "size" }, percent(clusters.share[kid]))));
    detail.replaceChildren(...[
      make("p", { class: "crumbs" }, ...up.flatMap((at) => [link(at), " › "]), levels.find(({ level }) => level === clusters.level[i]).name.toLowerCase()),
      make("h2", {}, nameOf(i)),
      make("p", {}, clusters.text[i] ?? "Its text is withheld: too few people, or not safe enough to publish."),
      clusters.story[i] && make("p", { class: "quiet story" }, clusters.story[i]),
      make("dl", {}, fact("of conversations", percent(clusters.share[i])), fact("of accounts", percent(clusters.accountShare[i])),
        fact("accounts", (clusters.band[i] ?? "withheld").replace("-", "–"))),
      ...facets.flatMap((facet) => bars(facet, i)),
      up.length ? make("p", { class: "quiet" }, "The upright mark is the cluster above.") : null,
      ...(kids.length ? [make("h3", {}, "Holds"), make("ul", { class: "kids" }, ...kids)] : []),
      children[i].length > 12 ? make("p", { class: "quiet" }, `and ${children[i].length - 12} more in the tree.`) : null,
    ].filter(Boolean));
    detail.scrollTop = 0;
  }

  // ---- Map: one canvas; sizes by share, colours by group or by a facet's commonest value

  const canvas = byId("map");
  const pen = canvas.getContext("2d");
  const map = { width: 0, height: 0, zoom: 1, x: 0, y: 0, found: null, over: -1, ink: {}, shown: [], waiting: false, isPaper: false };
  const COLOURS = 12;
  const located = clusters.x.map((x, i) => x !== null && clusters.y[i] !== null && clusters.share[i] !== null);
  const bounds = (of) => { const all = of.filter((_, i) => located[i]); return all.length ? [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))] : [0, 1]; };
  const [[left, right], [bottom, top]] = [bounds(clusters.x), bounds(clusters.y)];

  const groupRank = new Map(roots.map((i, n) => [i, n]));
  const colourOf = (facet, value) => `var(--${value >= 0 && value < COLOURS && facet.values[value] !== "not_classified" ? `c${value}` : "other"})`;
  const solid = (css) => map.ink[css] ?? css;

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const names = ["ink", "muted", "paper", "field", "accent", "other", ...Array.from({ length: COLOURS }, (_, n) => `c${n}`)];
    map.ink = Object.fromEntries(names.map((name) => [`var(--${name})`, style.getPropertyValue(`--${name}`).trim()]));
  }

  const colourOfGroup = (i) => { const n = groupRank.get(groupOf[i]); return `var(--${n < COLOURS ? `c${n}` : "other"})`; };
  function fillOf(i) {
    if (state.colour === "group") return colourOfGroup(i);
    const facet = facetOf(state.colour);
    return colourOf(facet, state.value ?? facet.top[i]);
  }
  // With one value chosen, the stronger a cluster's colour the commoner the value is in it.
  function strengthOf(i) {
    if (state.value === null) return 1;
    if (state.colour === "group") return groupOf[i] === roots[state.value] ? 1 : 0.08;
    return 0.08 + 0.92 * Math.min(1, (facetOf(state.colour).shares[i].get(state.value) ?? 0) / map.most);
  }

  function choose() {
    map.shown = clusters.id.map((_, i) => i).filter((i) => clusters.level[i] === state.level && located[i]);
    const total = map.shown.reduce((sum, i) => sum + clusters.share[i], 0) || 1;
    map.perShare = 0.14 / total; // the circles together cover about a seventh of the map
    if (state.value !== null && state.colour !== "group") { // full colour from the 95th percentile on
      const shares = map.shown.map((i) => facetOf(state.colour).shares[i].get(state.value) ?? 0).sort((a, b) => a - b);
      map.most = Math.max(1e-9, shares[Math.floor(0.95 * shares.length)] ?? 0);
    }
    map.paints = map.shown.map((i) => [i, fillOf(i), strengthOf(i)]);
    map.labels = clusters.id.map((_, i) => i).filter((i) => located[i] && clusters.name[i] && clusters.level[i] >= state.level);
  }

  function fit() {
    const edge = 30 + (map.shown.length ? 2 * area(map.shown[0]) : 0);
    map.by = Math.min((map.width - edge) / (right - left || 1), (map.height - edge) / (top - bottom || 1)) * map.zoom;
  }
  const spot = (i) => [map.width / 2 + map.x + (clusters.x[i] - (left + right) / 2) * map.by, map.height / 2 + map.y - (clusters.y[i] - (bottom + top) / 2) * map.by];
  const area = (i) => Math.sqrt((clusters.share[i] * map.perShare * map.width * map.height) / Math.PI); // as a radius
  const radius = (i) => Math.max(2, area(i) * map.zoom ** 0.6);

  function draw() {
    if (map.waiting) return;
    map.waiting = true;
    requestAnimationFrame(() => { map.waiting = false; paint(); });
  }

  function paint() {
    fit();
    const dots = devicePixelRatio || 1;
    const isBehind = canvas.width !== Math.round(map.width * dots) || canvas.height !== Math.round(map.height * dots);
    if (isBehind) [canvas.width, canvas.height] = [Math.round(map.width * dots), Math.round(map.height * dots)];
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, map.width, map.height);
    pen.lineWidth = 0.8;
    pen.strokeStyle = solid("var(--field)");
    for (const [i, fill, strength] of map.paints) {
      const [x, y] = spot(i);
      const r = radius(i);
      if (x < -r || y < -r || x > map.width + r || y > map.height + r) continue;
      pen.globalAlpha = map.found && !map.found.has(i) ? 0.06 : 0.82 * strength;
      pen.fillStyle = solid(fill);
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      pen.fill();
      if (r > 3) pen.stroke();
    }
    pen.globalAlpha = 1;
    for (const [i, width] of [[map.over, 1.5], [state.selected, 2.5]]) if (i >= 0 && located[i]) ring(i, width);
    label();
  }

  function ring(i, width) {
    const [x, y] = spot(i);
    pen.lineWidth = width;
    pen.strokeStyle = solid("var(--ink)");
    pen.beginPath();
    pen.arc(x, y, (clusters.level[i] === state.level ? radius(i) : 12) + 2, 0, 7);
    pen.stroke();
  }

  // Names from the broad to the narrow, largest first, where there is room; nearer, the narrower ones come in.
  function label() {
    const taken = [];
    const above = levels[0].level - (map.labels.length < 40 || map.zoom > 4 ? 9 : map.zoom < 1.8 ? 0 : 1);
    pen.textAlign = "center";
    pen.lineJoin = "round";
    pen.strokeStyle = solid("var(--field)");
    pen.lineWidth = 3.5;
    const first = state.selected >= 0 && clusters.name[state.selected] && located[state.selected] ? [state.selected] : [];
    for (const i of [...first, ...map.labels]) {
      if (i !== state.selected && (clusters.level[i] < above || (map.found && !map.found.has(i)))) continue;
      const [x, middle] = spot(i);
      const y = i === state.selected && clusters.level[i] === state.level ? middle - radius(i) - 16 : middle;
      if (x < 0 || y < 0 || x > map.width || y > map.height || taken.length > 60) continue;
      const rank = levels[0].level - clusters.level[i];
      pen.font = `${rank ? 500 : 650} ${rank ? 11.5 : 13}px system-ui, sans-serif`;
      const lines = wrapped(clusters.name[i].replace(/^.*, such as |^Various requests (?=in )/, "")); // what sets it apart
      const wide = Math.max(...lines.map((line) => pen.measureText(line).width));
      const at = Math.min(Math.max(x, wide / 2 + 6), map.width - wide / 2 - 6);
      const box = [at - wide / 2 - 4, y - 8 * lines.length - 2, at + wide / 2 + 4, y + 8 * lines.length + 2];
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      pen.fillStyle = solid("var(--ink)");
      lines.forEach((line, n) => {
        const down = y + 4 + 15 * (n - (lines.length - 1) / 2);
        pen.strokeText(line, at, down);
        pen.fillText(line, at, down);
      });
    }
  }

  function wrapped(text) {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length > 20) lines.push("");
      lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
    }
    return lines.length > 2 ? [lines[0], `${lines[1]}…`] : lines;
  }

  function nearest(x, y, reach = 6) {
    let [best, least] = [-1, Infinity];
    for (const i of map.shown) {
      const [dx, dy] = spot(i).map((at, axis) => at - (axis ? y : x));
      const gap = Math.hypot(dx, dy) - radius(i);
      const order = gap < 0 ? radius(i) - 1e6 : gap; // of circles that overlap, the smallest
      if (gap < reach && order < least) [best, least] = [i, order];
    }
    return best;
  }

  function zoomTo(zoom, x = map.width / 2, y = map.height / 2) {
    const next = Math.min(40, Math.max(0.7, zoom));
    const by = next / map.zoom;
    [map.x, map.y] = [x - map.width / 2 - (x - map.width / 2 - map.x) * by, y - map.height / 2 - (y - map.height / 2 - map.y) * by];
    map.zoom = next;
    draw();
  }

  const tip = byId("tip");
  function point(i, x = 0, y = 0) {
    if (i !== map.over) {
      map.over = i;
      canvas.classList.toggle("over", i >= 0);
      tip.hidden = i < 0;
      if (i >= 0) {
        const facet = state.colour === "group" ? null : facetOf(state.colour);
        const value = facet && (state.value ?? facet.top[i]);
        const stated = facet && value >= 0 ? `${titleOf(facet, facet.values[value])} ${percent(facet.shares[i].get(value))}` : nameOf(groupOf[i]);
        tip.replaceChildren(make("b", {}, nameOf(i)), `${percent(clusters.share[i])} of conversations · ${stated}`);
      }
      draw();
    }
    if (i >= 0) {
      const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
      tip.style.transform = `translate(${Math.max(4, Math.min(x + 14, map.width - wide - 4))}px, ${y + 18 + high > map.height ? y - high - 12 : y + 18}px)`;
    }
  }

  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (fingers.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = [event.offsetX, event.offsetY];
    const last = fingers.get(event.pointerId);
    if (!last) return point(nearest(x, y), x, y);
    moved += Math.hypot(x - last[0], y - last[1]);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = ([a, b]) => Math.hypot(a - other[0], b - other[1]);
      zoomTo((map.zoom * apart([x, y])) / (apart(last) || 1), (x + other[0]) / 2, (y + other[1]) / 2);
    } else { map.x += x - last[0]; map.y += y - last[1]; }
    fingers.set(event.pointerId, [x, y]);
    if (moved > 6) point(-1);
    return draw();
  });
  const lift = (event) => {
    const was = fingers.delete(event.pointerId);
    if (!was || event.type !== "pointerup" || moved > 6) return;
    const i = nearest(event.offsetX, event.offsetY, event.pointerType === "touch" ? 18 : 6);
    if (i >= 0) select(i, "map");
  };
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, lift);
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(map.zoom * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.offsetX, event.offsetY);
  }, { passive: false });
  byId("closer").addEventListener("click", () => zoomTo(map.zoom * 1.6));
  byId("farther").addEventListener("click", () => zoomTo(map.zoom / 1.6));
  byId("whole").addEventListener("click", () => { [map.x, map.y] = [0, 0]; zoomTo(1); });

  // ---- Colours and levels

  function showLegend() {
    const facet = state.colour === "group" ? null : facetOf(state.colour);
    const entries = facet ? facet.values.map((value, n) => [titleOf(facet, value), colourOf(facet, n), n])
      : roots.map((i, n) => [nameOf(i), colourOfGroup(i), n]);
    const button = ([text, colour, n]) => make("li", {}, make("button", {
      type: "button", "aria-pressed": String(state.value === n), "--mark": colour,
      onclick: () => { state.value = state.value === n ? null : n; showLegend(); choose(); remember(); draw(); },
    }, make("i"), text));
    byId("legend").replaceChildren(...entries.slice(0, 24).map(button));
  }

  function setView({ colour = state.colour, level = state.level, value = null }) {
    Object.assign(state, { colour, level, value });
    [byId("colour").value, byId("level").value] = [colour, level];
    showLegend();
    choose();
    remember();
    draw();
  }

  // ---- Selection and the address

  function select(i, by) {
    if (state.selected >= 0) items.get(state.selected)?.setAttribute("aria-selected", "false");
    state.selected = i;
    showDetail(i);
    if (i >= 0) {
      const item = reveal(i);
      item.setAttribute("aria-selected", "true");
      if (by === "tree" || by === "keyboard") focusItem(item);
      else if (!tree.hidden && innerWidth > 736) item.firstElementChild.scrollIntoView({ block: "nearest" });
      if (tree.querySelector("[tabindex='0']") !== item) { tree.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1); item.setAttribute("tabindex", 0); }
      if (by !== "map" && located[i]) {
        fit();
        const [x, y] = spot(i);
        if (x < 20 || y < 20 || x > map.width - 20 || y > map.height - 20) { map.x += map.width / 2 - x; map.y += map.height / 2 - y; }
      }
      for (const button of results.querySelectorAll("button")) button.setAttribute("aria-current", "false");
      if (by === "keyboard") byId("detail").focus({ preventScroll: innerWidth > 736 });
      else if (by === "search" && innerWidth <= 736) byId("detail").scrollIntoView();
    }
    remember();
    draw();
  }

  function remember() {
    const parts = new URLSearchParams();
    if (state.selected >= 0) parts.set("cluster", lasting[state.selected]);
    if (state.colour !== "group") parts.set("colour", state.colour);
    if (state.value !== null) parts.set("value", state.colour === "group" ? lasting[roots[state.value]] : facetOf(state.colour).values[state.value]);
    if (state.level !== levels.at(-1).level) parts.set("level", state.level);
    const text = parts.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  function recall() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const colour = facetOf(parts.get("colour")) ? parts.get("colour") : "group";
    const level = levels.find((entry) => String(entry.level) === parts.get("level"))?.level ?? levels.at(-1).level;
    const value = colour === "group" ? roots.indexOf(place.get(parts.get("value")) ?? -1) : facetOf(colour).values.indexOf(parts.get("value"));
    const selected = place.get(parts.get("cluster")) ?? -1;
    setView({ colour, level, value: value < 0 ? null : value });
    select(selected, "address");
  }

  // ---- Beginning

  byId("app").hidden = false;
  fill(tree, roots);
  items.get(roots[0]).setAttribute("tabindex", 0);
  byId("rest").textContent = levels.filter(({ withheldCount, outside }) => withheldCount || outside).map(({ name, withheld, withheldCount, outside }) => [
    `${name}:`, withheldCount ? `${withheldCount.toLocaleString("en")} withheld${withheld ? ` (${withheld} of conversations)` : ""}` : "",
    outside ? `${withheldCount ? "; " : ""}${outside} in no cluster` : ""].filter(Boolean).join(" ").replace(" ;", ";")).join(" · ");
  const hasFacet = ({ values }) => values.length > 0;
  byId("colour").append(...[["group", "Broad group"], ...facets.filter(hasFacet).map(({ id, title }) => [id, `${title} (commonest)`])].map(([value, text]) => make("option", { value }, text)));
  byId("level").append(...levels.map(({ level, name }) => make("option", { value: level }, `${name} (${clusters.level.filter((of) => of === level).length.toLocaleString("en")})`)));
  byId("colour").addEventListener("change", (event) => setView({ colour: event.target.value }));
  byId("level").addEventListener("change", (event) => setView({ level: Number(event.target.value), value: state.value }));
  new ResizeObserver(([{ contentRect }]) => { [map.width, map.height] = [contentRect.width, contentRect.height]; paint(); }).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); draw(); });
  for (const type of ["beforeprint", "afterprint"]) addEventListener(type, () => { readColours(); paint(); });
  addEventListener("hashchange", recall);
  [map.width, map.height] = [canvas.clientWidth, canvas.clientHeight];
  readColours();
  recall();
  document.documentElement.dataset.ready = "true";
})();
