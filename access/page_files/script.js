"use strict";
const DATA = JSON.parse(document.getElementById("data").textContent);
const HOST = "token.actions.githubusercontent.com:";
const LETTERS = { token: "T", read: "R", publish: "P", promote: "C", administer: "A" };
const WORDS = { token: "token", read: "read", publish: "publish", promote: "promote (copy)", administer: "administer" };
const WRITES = ["publish", "promote", "administer"];
const MEANINGS = {
  token: "fetch a token of the domain: without one nothing can be installed or published", read: "install packages and see what there is",
  publish: "upload versions, and write what is said about them", promote: "copy versions into a repository from another one",
  administer: "everything else: make, change and delete repositories, packages, policies, package groups",
};
const AMOUNT = ["no", "in part", "yes"];
const CHUNK = 150, WRITERS = 24;
const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// --- the two halves of the matrix, put together -----------------------------------------------------------------------------------

const rows = DATA.rows.map(([group, key, label, note, identity, tokens, entries, own, assumed], number) => {
  const admitted = entries.filter((one) => one[1]);
  const classes = own >= 0 ? [[own, null]] : admitted.map((one) => [DATA.roles[one[0]][2], one[0]]);
  const words = `${DATA.groups[group][0]} ${label} ${note} ${admitted.map((one) => DATA.roles[one[0]][0]).join(" ")}`.toLowerCase();
  return { number, group, key, label, note, identity, tokens, entries, own, assumed, classes, words };
});

function cellOf(rights, column, kind) {
  const number = DATA.classes[rights][column * DATA.kinds.length + DATA.kinds.indexOf(kind)];
  return number < 0 ? null : DATA.cells[number];
}

const known = new Map();
function state(row, column, kind) {
  let best = -1;
  for (const [rights] of row.classes) {
    const cell = cellOf(rights, column, kind);
    if (cell) best = Math.max(best, cell[0]);
  }
  if (best < 0 && exists(column, kind)) best = 0;
  return best;
}

function exists(column, kind) {
  const key = `${column}:${kind}`;
  if (!known.has(key)) known.set(key, DATA.classes.length > 0 && cellOf(0, column, kind) !== null);
  return known.get(key);
}

const writing = new Map();
function allowedKinds(row) {
  const key = row.classes.map(([rights]) => rights).join();
  if (!writing.has(key)) {
    const found = DATA.kinds.filter((kind) => DATA.columns.some((_, column) => state(row, column, kind) > 0));
    writing.set(key, found);
  }
  return writing.get(key);
}

// --- changes ----------------------------------------------------------------------------------------------------------------------

const changed = new Map();
if (DATA.changes) {
  const numbers = new Map(rows.map((row) => [`${DATA.groups[row.group][0]}\n${row.key}`, row.number]));
  for (const [how, group, key, place, kind, before, after] of DATA.changes.cells) {
    const row = numbers.get(`${group}\n${key}`);
    if (row === undefined) continue;
    if (!changed.has(row)) changed.set(row, []);
    changed.get(row).push({ how, place, kind, before, after });
  }
}

function showChanges() {
  if (!DATA.changes) return;
  byId("changes").hidden = false;
  byId("changes-title").textContent = `What changes since ${DATA.changes.base}`;
  byId("show").querySelectorAll("[hidden]").forEach((option) => { option.hidden = false; });
  const list = byId("changes-list");
  for (const [title, items] of DATA.changes.sections) {
    const shown = items.slice(0, 300).map((item) => make("li", { text: item }));
    if (items.length > 300) shown.push(make("li", { text: `and ${items.length - 300} more: see the Markdown` }));
    const lines = make("ul", { class: title.toLowerCase().replace(/ .*/, "") }, ...shown);
    if (title === "Statements") list.append(make("details", {}, make("summary", { text: `${title} (${items.length})` }), lines));
    else list.append(make("h3", { text: title }), lines);
  }
  if (DATA.changes.cells.some(([how]) => how !== "reworded")) byId("show").value = "changed";
  if (!DATA.changes.sections.length) list.append(make("p", { text: "Nothing." }));
}

function name_of(row) {
  return row.own >= 0 ? row.label : `${DATA.groups[row.group][0]}: ${row.label}`;
}

// --- who changes packages ---------------------------------------------------------------------------------------------------------

function letter(kind, amount) {
  // Drawn by the style sheet: the words beside it, or the name of its button, say what it means.
  return make("span", { class: `letter ${kind}${amount === 1 && kind !== "administer" ? " part" : ""}`, "data-letter": LETTERS[kind], "aria-hidden": "true" });
}

function showWriters() {
  const found = rows.map((row) => [row, writes(row)]).filter(([, kinds]) => kinds.length);
  listWriters(byId("writers-list"), found.filter(([row]) => !row.assumed));
  const assumed = found.filter(([row]) => row.assumed);
  byId("assumed").hidden = !assumed.length;
  listWriters(byId("assumed-list"), assumed);
}

function writes(row) {
  return allowedKinds(row).filter((kind) => WRITES.includes(kind));
}

function listWriters(list, found) {
  found.sort(([one], [other]) => (other.own >= 0) - (one.own >= 0));  // principals at AWS first: they may the most
  const add = (from, to) => {
    for (const [row, kinds] of found.slice(from, to)) {
      const what = kinds.map((kind) => `${WORDS[kind]}: ${places(row, kind).map((column) => DATA.columns[column][0]).join(", ")}`).join("; ");
      const first = places(row, kinds[0])[0];
      list.append(
        make("button", { class: "writer", type: "button", onclick: () => open([row], first) },
          make("b", { text: name_of(row) }),
          make("span", { class: "what" }, ...kinds.map((kind) => letter(kind, 2)), what)));
    }
    if (found.length > to) {
      const more = make("button", { class: "more", type: "button", text: `Show ${Math.min(CHUNK, found.length - to)} more of ${found.length}` });
      more.addEventListener("click", () => { more.remove(); add(to, to + CHUNK); list.children[to].focus(); });
      list.append(more);
    }
  };
  if (found.length) add(0, WRITERS);
  else list.append(make("p", { text: "Nobody." }));
}

function places(row, kind) {
  return DATA.columns.map((_, column) => column).filter((column) => state(row, column, kind) > 0);
}

// --- facts ------------------------------------------------------------------------------------------------------------------------

function showFacts() {
  const refused = rows.filter((row) => !allowedKinds(row).length).length;
  const writers = rows.filter((row) => !row.assumed && writes(row).length).length;
  const facts = [
    [rows.length, "jobs and principals"], [DATA.columns.length, "places"], [DATA.roles.length, "roles"], [DATA.decisions, "decisions"],
    [writers, "change packages"], [refused, "get nothing"],
  ];
  byId("facts").append(...facts.map(([count, text]) => make("span", {}, make("b", { text: count.toLocaleString("en") }), text)));
}

// --- the grid ---------------------------------------------------------------------------------------------------------------------

// A line is a list of rows: those of one repository that may do the same, or a single one.
const view = { kind: "all", show: "all", words: [], columns: [], lines: [], shown: 0, rendered: 0, group: -1 };

function filter() {
  const places_wanted = byId("places").value.trim().toLowerCase().split(/[\s,]+/).filter(Boolean);
  view.columns = DATA.columns.map((_, number) => number)
    .filter((number) => !places_wanted.length || places_wanted.some((word) => DATA.columns[number][0].toLowerCase().includes(word)))
    .filter((number) => view.kind === "all" || exists(number, view.kind));
  view.words = byId("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  view.show = byId("show").value;
  const found = rows.filter((row) => wanted(row) && concerned(row) && view.words.every((word) => row.words.includes(word)));
  view.shown = found.length;
  view.lines = byId("joined").checked ? joined(found) : found.map((row) => [row]);
  draw();
}

// Of one action: the rows that have it in a place that is shown, or had it before the change.
function concerned(row) {
  if (view.kind === "all") return true;
  const was = (changed.get(row.number) || []).some((one) => one.kind === view.kind);
  return was || view.columns.some((column) => state(row, column, view.kind) > 0);
}

function together(items, keyOf) {
  const found = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return [...found.values()];
}

// What a reader sees of a row: what it may do, and how that changes.
function seen(row) {
  const classes = [...new Set(row.classes.map(([rights]) => rights))].sort((one, other) => one - other);
  return `${classes}\n${(changed.get(row.number) || []).map((one) => `${one.how} ${one.place} ${one.kind}`)}`;
}

// A repository's rows that may do the same are one line; so are those of a team's repositories whose lines are all the same.
function joined(found) {
  const groups = together(found, (row) => row.group).map((own) => together(own, seen));
  const alike = together(groups, (lines) => {
    const [, note, team] = DATA.groups[lines[0][0].group];
    const said = lines.map((members) => [seen(members[0]), members.map((one) => [one.label, one.note])]);
    return team ? JSON.stringify([team, note, said]) : `${lines[0][0].group}`;
  });
  return alike.flatMap((groups) => groups[0].map((_, line) => groups.flatMap((lines) => lines[line])));
}

function names(members) {
  return [...new Set(members.map((one) => DATA.groups[one.group][0]))];
}

function wanted(row) {
  switch (view.show) {
    case "writers": return !row.assumed && writes(row).length > 0;
    case "jobs": return row.own < 0;
    case "aws": return row.own >= 0;
    case "nothing": return !allowedKinds(row).length;
    case "changed": return (changed.get(row.number) || []).some((one) => one.how !== "reworded");
    case "reworded": return changed.has(row.number);
    default: return true;
  }
}

function draw() {
  const grid = byId("grid");
  grid.querySelectorAll("tbody").forEach((body) => body.remove());
  grid.setAttribute("aria-rowcount", view.lines.length + 1);
  grid.setAttribute("aria-colcount", view.columns.length + 1);
  const heads = view.columns.map((column) =>
    make("th", { scope: "col", title: DATA.columns[column][0] }, make("span", { text: DATA.columns[column][0] }), make("i", { text: DATA.columns[column][1] })));
  grid.tHead.replaceChildren(make("tr", {}, make("th", { class: "first", scope: "col", text: "who" }), ...heads));
  byId("count").textContent = `${view.shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} jobs and principals`
    + `${view.lines.length < view.shown ? ` in ${view.lines.length.toLocaleString("en")} lines` : ""}, ${view.columns.length} places`;
  view.rendered = 0;
  view.group = -1;
  byId("scroll").scrollTop = 0;
  append();
}

function append() {
  const grid = byId("grid");
  let body = grid.tBodies[0];
  if (!body) { body = make("tbody"); grid.append(body); }
  const end = Math.min(view.lines.length, view.rendered + CHUNK);
  const fragment = document.createDocumentFragment();
  for (; view.rendered < end; view.rendered++) {
    const members = view.lines[view.rendered];
    if (members[0].group !== view.group) {
      view.group = members[0].group;
      const [, note] = DATA.groups[view.group], own = names(members);
      const name = own.length > 4 ? `${own.slice(0, 3).join(", ")} and ${own.length - 3} more` : own.join(", ");
      fragment.append(make("tr", { class: "group" },
        make("th", { colspan: view.columns.length + 1, scope: "rowgroup", title: own.join(", ") }, make("div", {}, make("b", { text: name }), make("span", { text: note })))));
    }
    fragment.append(line(members, view.rendered));
  }
  body.append(fragment);
}

function line(members, index) {
  const [row] = members;
  const name = members.length > 1 ? `${name_of(row)} and ${members.length - 1} more` : name_of(row);
  const cells = view.columns.map((column, position) => {
    const kinds = view.kind === "all" ? DATA.kinds : [view.kind];
    const states = kinds.map((kind) => [kind, state(row, column, kind)]).filter(([, one]) => one >= 0);
    const shown = states.filter(([, one]) => one > 0);
    const words = shown.length ? shown.map(([kind, one]) => `${WORDS[kind]}${one === 1 ? " in part" : ""}`).join(", ") : "nothing";
    const changes = (changed.get(row.number) || []).filter((one) => one.place === DATA.columns[column][0] && kinds.includes(one.kind));
    const change = changes.length && (changes.every((one) => one.how === "reworded") ? "reworded" : "changed");
    return make("td", { class: change || undefined, role: "gridcell" },
      make("button", { type: "button", tabindex: index === 0 && position === 0 ? "0" : "-1", "data-row": index, "data-column": position,
        "aria-label": `${name}; ${DATA.columns[column][0]}: ${words}${change ? `; ${change}` : ""}`, onclick: () => open(members, column) },
        ...(shown.length ? shown.map(([kind, one]) => letter(kind, one)) : ["·"])));
  });
  const labels = together(members, (one) => `${one.label}\n${one.note}`).map(([one]) => one);
  const said = labels.length > 1
    ? labels.map((one, position) => make("span", { text: `${one.label}${position + 1 < labels.length ? ", " : ""}`, title: one.note }))
    : [row.label, make("small", { text: row.assumed ? `${row.note} (assumed)` : row.note })];
  return make("tr", {}, make("th", { class: "row", scope: "row" }, ...said), ...cells);
}

function focusCell(row, column) {
  while (row >= view.rendered && view.rendered < view.lines.length) append();
  const target = byId("grid").querySelector(`button[data-row="${row}"][data-column="${column}"]`);
  if (!target) return;
  byId("grid").querySelectorAll('button[tabindex="0"]').forEach((one) => one.setAttribute("tabindex", "-1"));
  target.setAttribute("tabindex", "0");
  target.focus();
  const scroll = byId("scroll"), head = byId("grid").tHead.offsetHeight, first = byId("grid").querySelector("th.row").offsetWidth;
  const box = target.getBoundingClientRect(), outer = scroll.getBoundingClientRect();
  if (box.top < outer.top + head) scroll.scrollTop -= outer.top + head - box.top;
  if (box.left < outer.left + first) scroll.scrollLeft -= outer.left + first - box.left;
}

byId("grid").addEventListener("keydown", (event) => {
  const button = event.target.closest("button[data-row]");
  if (!button) return;
  const row = Number(button.dataset.row), column = Number(button.dataset.column);
  const to = {
    ArrowDown: [row + 1, column], ArrowUp: [row - 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    Home: [row, 0], End: [row, view.columns.length - 1], PageDown: [row + 12, column], PageUp: [row - 12, column],
  }[event.key];
  if (!to) return;
  event.preventDefault();
  focusCell(Math.max(0, Math.min(view.lines.length - 1, to[0])), Math.max(0, Math.min(view.columns.length - 1, to[1])));
});

byId("scroll").addEventListener("scroll", () => {
  const scroll = byId("scroll");
  if (scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - 600 && view.rendered < view.lines.length) append();
});

// --- one cell ---------------------------------------------------------------------------------------------------------------------

function claims(identity, token) {
  const [owner, owner_id, name, id] = DATA.identities[identity];
  const [form, ref, workflow, environment, context, audience] = DATA.tokens[token];
  const escaped = environment.replaceAll(":", "%3A");
  const about = context || (escaped ? `environment:${escaped}` : `ref:${ref}`);
  const named = form === "name" ? `${owner}/${name}` : `${owner}@${owner_id}/${name}@${id}`;
  const found = {
    sub: `repo:${named}:${about}`, aud: audience, repository_id: String(id), repository: `${owner}/${name}`, ref, environment,
    job_workflow_ref: workflow || `${owner}/${name}/.github/workflows/ci.yml@${ref}`,
  };
  return Object.entries(found).filter(([, value]) => value);
}

function claimsTable(identity, token, unmet = []) {
  const lines = claims(identity, token).map(([name, value]) =>
    make("tr", { class: unmet.includes(name) ? "bad" : undefined }, make("th", { scope: "row", text: name }), make("td", { text: value })));
  const missing = unmet.filter((name) => !claims(identity, token).some(([one]) => one === name));
  lines.push(...missing.map((name) => make("tr", { class: "bad" }, make("th", { scope: "row", text: name }), make("td", { text: "(absent)" }))));
  return make("table", { class: "claims" }, ...lines);
}

function statement(number, unmet = [], role = null) {
  const [document_, body] = DATA.statements[number];
  // Roles whose policies say the same share one document.
  const where = role === null || document_.includes(" of ") ? document_ : `${document_} of role ${DATA.roles[role][0]}`;
  const text = make("pre");
  for (const part of JSON.stringify(body, null, 2).split("\n")) {
    const bad = unmet.some((key) => part.includes(`"${HOST}${key}"`));
    text.append(bad ? make("span", { class: "bad", text: part }) : part, "\n");
  }
  return make("details", {}, make("summary", { text: `statement ${body.Sid || "without a name"}, ${where}` }), text);
}

function open(members, column, chosen = members[0]) {
  const select = byId("members"), dialog = byId("cell");
  byId("members-label").hidden = members.length < 2;
  select.replaceChildren(...members.map((one, number) => make("option", { value: number, text: `${names(members).length > 1 ? name_of(one) : one.label} (${one.note})`, selected: one === chosen })));
  select.onchange = () => fill(members[Number(select.value)], column);
  fill(chosen, column);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function fill(row, column) {
  const [place, type] = DATA.columns[column];
  const kinds = DATA.kinds.filter((kind) => exists(column, kind));
  byId("cell-title").textContent = `${name_of(row)} → ${place}`;
  byId("cell-content").replaceChildren(
    make("p", { class: "note", text: `${row.note}; ${type === "domain" ? "the domain itself" : `${type} repository`}` }),
    make("p", { class: "answer" }, ...kinds.map((kind) => answer(row, column, kind))),
    ...changesOf(row, place), ...(row.own < 0 ? doors(row) : []), make("h3", { text: "What it may do here" }),
    ...kinds.map((kind) => kindSection(row, column, kind)), ...(row.own < 0 ? tried(row) : []));
  history.replaceState(null, "", `#${new URLSearchParams({ of: DATA.groups[row.group][0], who: row.key, where: place })}`);
}

function answer(row, column, kind) {
  const amount = state(row, column, kind);
  return make("span", {}, letter(kind, 2), ` ${WORDS[kind]} `, make("span", { class: `verdict ${amount > 0 ? "yes" : "no"}`, text: AMOUNT[amount] }));
}

// The page's address names the cell that is open, so that a reviewer can point at it.
function follow() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (!wanted.has("who")) return;
  const row = rows.find((one) => one.key === wanted.get("who") && DATA.groups[one.group][0] === wanted.get("of"));
  const column = DATA.columns.findIndex(([place]) => place === wanted.get("where"));
  if (row && column >= 0) open([row], column);
}

function changesOf(row, place) {
  const found = (changed.get(row.number) || []).filter((one) => one.place === place);
  if (!found.length) return [];
  const items = found.map((one) => {
    const words = { granted: `is granted (${one.after})`, taken: `is taken away (${one.before})`, changed: `was ${one.before}, is now ${one.after}`, reworded: "is decided by other words" };
    return make("li", { text: `${WORDS[one.kind]} ${words[one.how]}` });
  });
  return [make("h3", { text: `Since ${DATA.changes.base}` }), make("ul", {}, ...items)];
}

function doors(row) {
  const head = make("h3", { text: "Which roles let it in" });
  if (!row.tokens.length) {
    const text = "GitHub gives this job no token. A private repository can choose to send write tokens to its forks' pull requests; then they have "
      + "what a pull request of the repository has.";
    return [head, make("p", { text })];
  }
  if (!row.entries.length) return [head, make("p", { text: "No role of the stack names it." })];
  const sorted = [...row.entries].sort((one, other) => other[1] - one[1]);
  return [head, make("ul", {}, ...sorted.map((entry) => door(row, entry)))];
}

// Of the statements that refuse: the one that requires the least that is not there.
function nearest(unmet) {
  return unmet.reduce((best, one) => (one[1].length < best[1].length ? one : best));
}

function door(row, [role, allowed, number, token, unmet]) {
  const name = DATA.roles[role][0];
  if (allowed) {
    return make("li", {}, make("code", { text: name }), " ", make("span", { class: "verdict yes", text: "lets it in" }), statement(number),
      make("details", {}, make("summary", { text: "the token that gets in" }), claimsTable(row.identity, row.tokens[token])));
  }
  const [closest, keys] = nearest(unmet);
  return make("li", {}, make("code", { text: name }), " ", make("span", { class: "verdict no", text: "refuses it" }),
    ` because of ${keys.join(", ")}`, statement(closest, keys),
    make("details", {}, make("summary", { text: "the token that comes closest" }), claimsTable(row.identity, row.tokens[token], keys)));
}

function kindSection(row, column, kind) {
  const amount = state(row, column, kind);
  const section = make("div", { class: "kind" }, letter(kind, 2), " ", make("b", { text: WORDS[kind] }),
    make("span", { class: `verdict ${amount > 0 ? "yes" : "no"}`, text: AMOUNT[amount] }));
  const list = make("ul");
  for (const [rights, role] of row.classes) {
    const cell = cellOf(rights, column, kind);
    const refused = make("ul");
    for (const [allowed, reason, number, actions, names] of cell[1]) {
      const as = role === null ? "" : `as ${DATA.roles[role][0]}: `;
      const what = actions.map((one) => DATA.words[one]);
      const some = what.length > 6 ? `${what.slice(0, 5).join(", ")} and ${what.length - 5} more` : what.join(", ");
      const about = names.length ? ` (${names.map((one) => DATA.words[one]).join(", ")})` : "";
      const item = make("li", {}, make("span", { class: allowed ? "yes" : "no", text: allowed ? "✓ " : "✕ " }), `${as}${some}${about}: ${DATA.reasons[reason]}`);
      if (number >= 0) item.append(statement(number, [], role));
      (allowed || cell[0] === 0 ? list : refused).append(item);
    }
    if (refused.children.length) list.append(make("li", {}, make("details", {}, make("summary", { text: "What is not allowed of it" }), refused)));
    if (cell[0] === 0) list.append(...elsewhere(rights, column, kind));
  }
  if (!row.classes.length) list.append(make("li", { text: "It gets into no role, and so has no credentials for AWS." }));
  if (amount === 0) list.append(...keptOut(row, column, kind));
  section.append(list);
  return section;
}

// The roles that may, and the statement that keeps this job out of each.
function keptOut(row, column, kind) {
  return row.entries.filter(([role, allowed]) => !allowed && cellOf(DATA.roles[role][2], column, kind)[0] > 0).map(([role, , , , unmet]) => {
    const [number, keys] = nearest(unmet);
    return make("li", {}, make("span", { class: "no", text: "✕ " }), make("code", { text: DATA.roles[role][0] }),
      ` may, but does not let this job in, because of ${keys.join(", ")}`, statement(number, keys));
  });
}

function elsewhere(rights, column, kind) {
  const found = new Map();
  DATA.columns.forEach(([place], other) => {
    const cell = other === column ? null : cellOf(rights, other, kind);
    if (!cell || !cell[0]) return;
    for (const [allowed, , number] of cell[1]) {
      if (allowed && number >= 0) found.set(number, [...(found.get(number) || []), place]);
    }
  });
  if (!found.size) return [];
  const items = [...found].slice(0, 3).map(([number, names]) => {
    const some = names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
    return make("li", {}, some, statement(number));
  });
  return [make("li", {}, make("details", {}, make("summary", { text: "Where it is allowed instead" }), make("ul", {}, ...items)))];
}

function tried(row) {
  if (!row.tokens.length) return [];
  const each = row.tokens.map((token) => make("div", {}, claimsTable(row.identity, token)));
  return [make("h3", { text: "Tokens tried" }), make("details", {}, make("summary", { text: `${each.length}, the claims of each` }), ...each)];
}

// --- the drawing: what a box is connected to ---------------------------------------------------------------------------------------

const svg = byId("flow").querySelector("svg");

function highlight(node) {
  svg.querySelectorAll(".edge[data-from]").forEach((edge) => {
    edge.classList.toggle("dim", node !== null && edge.dataset.from !== node && edge.dataset.to !== node);
  });
}

svg.querySelectorAll(".node").forEach((box) => {
  box.addEventListener("pointerenter", () => highlight(box.dataset.node));
  box.addEventListener("pointerleave", () => highlight(null));
});
byId("flow-words").open = matchMedia("(max-width: 640px)").matches;

// --- start ------------------------------------------------------------------------------------------------------------------------

for (const kind of ["all", ...DATA.kinds]) {
  const input = make("input", { type: "radio", name: "kind", value: kind, checked: kind === "all", onchange: () => { view.kind = kind; filter(); } });
  byId("kinds").append(make("label", {}, input, make("span", { text: kind })));
}
byId("letters").append(...DATA.kinds.map((kind) => make("span", {}, letter(kind, 2), ` ${WORDS[kind]}`)),
  make("span", {}, letter("read", 1), " in part"), make("span", { text: "· nothing" }));
if (DATA.changes) {
  byId("letters").append(make("span", {}, make("i", { class: "swatch changed" }), "changed"), make("span", {}, make("i", { class: "swatch reworded" }), "the same by other words"));
}
if (DATA.columns.length <= 14) byId("places-label").hidden = true;
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["search", "places", "show", "joined"]) byId(id).addEventListener("input", filter);
byId("meanings").querySelector("dl").append(...DATA.kinds.flatMap((kind, number) => [
  make("dt", {}, letter(kind, 2), ` ${WORDS[kind]}: ${MEANINGS[kind]}`), make("dd", { text: DATA.actions[number].join(", ") })]));
byId("cell").addEventListener("close", () => history.replaceState(null, "", "#"));
addEventListener("hashchange", follow);
showFacts();
showChanges();
showWriters();
filter();
follow();
