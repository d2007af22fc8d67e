// The page: reads the document and lays out the introduction, the list of operations, the search,
// the operations and the schemas. Served with theme.js; everything is imported from beside it.

import { authDialog } from "./auth.js";
import { announce, h, link } from "./dom.js";
import { firstLine, markdown } from "./markdown.js";
import { groups, operations, schemes, setDocument } from "./model.js";
import { method, operationView } from "./operation.js";
import { schemaEntry } from "./schema.js";

const find = (id) => document.getElementById(id);
const main = find("docs-main");
const nav = find("docs-nav");
const source = new URL(document.documentElement.dataset.document, document.baseURI);

async function start() {
  try {
    const response = await fetch(source, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const given = await response.json();
    setDocument(given);
    show(given);
  } catch (error) {
    find("docs-status").textContent = `The document could not be read: ${error.message}`;
    throw error;
  }
}

function show(given) {
  const all = operations();
  const grouped = groups(all);
  const schemas = Object.entries(given.components?.schemas ?? {});
  find("docs-status").remove();
  main.append(...introduction(given, all.length));
  main.append(
    ...grouped.map((group) =>
      h(
        "section.group",
        { "aria-label": group.name },
        h("h2", { id: `tag/${group.name}` }, group.name),
        group.description && markdown(group.description),
        group.externalDocs && h("p", null, link(group.externalDocs.url, "More about this")),
        group.entries.map((entry) => operationView(entry, servers(given))),
      ),
    ),
  );
  if (schemas.length) {
    const entries = schemas.map(([name, schema]) => schemaEntry(name, schema));
    const heading = h("h2", { id: "schemas" }, "Schemas");
    main.append(h("section.group.models", { "aria-label": "Schemas" }, heading, entries));
  }
  find("docs-list").append(...grouped.map(navGroup), ...navSchemas(schemas));
  setUpSearch(all);
  setUpAuth();
  spy();
  addEventListener("hashchange", goToTarget);
  goToTarget();
}

function servers(given) {
  const root = new URL(document.documentElement.dataset.root, document.baseURI).href;
  const listed = (given.servers ?? []).map((server) => {
    const fill = (_, name) => server.variables?.[name]?.default ?? "";
    return { ...server, url: new URL(server.url.replace(/\{([^{}]+)\}/g, fill), source).href };
  });
  return listed.length ? listed : [{ url: root }];
}

function introduction(given, amount) {
  const { info } = given;
  const facts = [
    h("span.version", null, `Version ${info.version}`),
    h("span", null, `OpenAPI ${given.openapi}`),
    h("span", null, `${amount} ${amount === 1 ? "operation" : "operations"}`),
    h("a", { href: source.href, download: "" }, "Download"),
    given.externalDocs && link(given.externalDocs.url, "More"),
    info.termsOfService && link(info.termsOfService, "Terms"),
    info.contact && link(info.contact.url ?? `mailto:${info.contact.email}`, info.contact.name ?? "Contact"),
    info.license && link(info.license.url ?? "about:blank", info.license.name),
  ];
  const addresses = servers(given).map(({ url, description }) =>
    h("li", null, h("code", null, url), description && h("span.hint", null, description)),
  );
  return [
    info.summary && h("p.lead", null, info.summary),
    h("p.facts", null, facts),
    info.description && markdown(info.description),
    h("ul.servers", { "aria-label": "Servers" }, addresses),
  ].filter(Boolean);
}

function navGroup(group) {
  const items = group.entries.map((entry) =>
    h(
      "li",
      { "data-id": entry.id },
      h(
        "a",
        { href: `#${encodeURIComponent(entry.id)}`, class: entry.operation.deprecated ? "struck" : null },
        h("span", null, entry.title),
        method(entry.method),
      ),
    ),
  );
  const label = h("summary", null, group.name);
  return h("li", null, h("details", { open: true }, label, h("ul", null, items)));
}

function navSchemas(schemas) {
  if (!schemas.length) return [];
  const items = schemas.map(([name]) =>
    h("li", { "data-id": `schema/${name}` }, h("a", { href: `#schema/${encodeURIComponent(name)}` }, name)),
  );
  return [h("li", null, h("details", null, h("summary", null, "Schemas"), h("ul", null, items)))];
}

function setUpSearch(all) {
  const search = find("docs-search");
  const texts = new Map(
    all.map(({ id, method: verb, path, title, tag, operation }) => [
      id,
      `${verb} ${path} ${title} ${id} ${tag} ${firstLine(operation.description)}`.toLowerCase(),
    ]),
  );
  const visible = () => [...nav.querySelectorAll("li[data-id]:not([hidden]) a")];
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of nav.querySelectorAll("li[data-id]")) {
      const text = texts.get(item.dataset.id) ?? item.dataset.id.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    for (const group of nav.querySelectorAll("details")) {
      const some = group.querySelector("li[data-id]:not([hidden])");
      group.parentElement.hidden = !some;
      if (words.length && some) group.open = true;
    }
    const amount = visible().length;
    find("docs-none").hidden = amount > 0;
    if (words.length) announce(`${amount} found`);
  };
  search.addEventListener("input", filter);
  nav.addEventListener("keydown", (event) => {
    const links = visible();
    const at = links.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && (at >= 0 || event.target === search)) {
      event.preventDefault();
      (links[at + step] ?? (step < 0 ? search : links.at(-1)))?.focus();
    } else if (event.key === "Enter" && event.target === search) links[0]?.click();
    else if (event.key === "Escape" && event.target === search && search.value) {
      search.value = "";
      filter();
    }
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    openNav(true);
    search.focus();
  });
}

function setUpAuth() {
  if (!Object.keys(schemes()).length) return;
  const button = find("docs-auth");
  const dialog = authDialog((amount) => {
    button.textContent = amount ? "Credentials ✓" : "Credentials";
  });
  document.body.append(dialog);
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
}

// Marks in the list what is being read.
function spy() {
  let current;
  const mark = (id) => {
    current?.removeAttribute("aria-current");
    current = nav.querySelector(`li[data-id="${CSS.escape(id)}"] a`);
    current?.setAttribute("aria-current", "true");
    if (!nav.contains(document.activeElement)) current?.scrollIntoView({ block: "nearest" });
  };
  const seen = new IntersectionObserver(
    (changes) => changes.filter((one) => one.isIntersecting).forEach((one) => mark(one.target.id)),
    { rootMargin: "-15% 0px -80% 0px" },
  );
  for (const section of main.querySelectorAll(".op")) seen.observe(section);
}

function goToTarget() {
  const target = find(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  openNav(false);
  if (target.localName === "details") target.open = true;
  settle(target, 8);
  if (target.matches(".op")) target.focus({ preventScroll: true });
}

// What comes into view gets its real height only then: scroll until nothing moves any more.
function settle(target, frames) {
  target.scrollIntoView();
  if (frames) requestAnimationFrame(() => settle(target, frames - 1));
}

function openNav(open) {
  document.body.classList.toggle("nav-open", open);
  find("docs-menu").setAttribute("aria-expanded", open);
}

function setUpTheme() {
  const root = document.documentElement;
  const button = find("docs-theme");
  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
    try {
      localStorage.setItem("gambrel-docs-theme", root.dataset.theme);
    } catch {
      // kept for this visit only
    }
  });
  label();
}

find("docs-menu").addEventListener("click", () =>
  openNav(!document.body.classList.contains("nav-open")),
);
nav.addEventListener("click", (event) => event.target.closest("a") && openNav(false));
addEventListener("keydown", (event) => event.key === "Escape" && openNav(false));
setUpTheme();
start();
