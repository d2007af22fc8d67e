// Building blocks of the page. Text becomes text nodes and nothing else: there is no way in here
// for markup that stands in a document.

let count = 0;

export const unique = (stem) => `docs-${stem}-${++count}`;

// h("p.note", {title: "…", onclick: f}, "text", node, [more]): an element.
export function h(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

// A link where the address is one that may be followed; otherwise its text alone.
export function link(address, ...children) {
  const url = safeAddress(address);
  if (!url) return h("span", null, ...children);
  return h("a", { href: url, rel: "noopener noreferrer" }, ...children);
}

export function safeAddress(address) {
  try {
    const url = new URL(String(address), document.baseURI);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

const TOKEN =
  /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')(\s*:)?|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|\b(true|false|null|True|False|None|import|const|await|new|print|with|open|as)\b/g;

// Code with colours, as nodes.
export function colours(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [all, quoted, colon, number] = found;
    const kind = quoted ? (colon ? "key" : "string") : number ? "number" : "word";
    nodes.push(text.slice(end, found.index), h(`span.t-${kind}`, null, quoted ?? all));
    if (colon) nodes.push(colon);
    end = found.index + all.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

// Long texts stay plain: colouring them would hold up the page.
export const coloured = (text) => (text.length > 100_000 ? [text] : colours(text));

export function code(text, label) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": label }, h("code", null, coloured(text)));
}

export function copyButton(text, label) {
  const button = h("button.quiet", { type: "button", "aria-label": `Copy ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    let done = true;
    await navigator.clipboard.writeText(text()).catch(() => (done = false));
    button.textContent = done ? "Copied" : "Not allowed";
    announce(done ? `Copied ${label}` : "Copying is not allowed here");
    setTimeout(() => (button.textContent = "Copy"), 1600);
  });
  return button;
}

export function announce(text) {
  const live = document.getElementById("docs-live");
  if (live) live.textContent = text;
}

// Tabs after the ARIA pattern; a panel is made when it is first shown.
export function tabs(label, entries, extra) {
  const list = h("div.tablist", { role: "tablist", "aria-label": label });
  const panel = h("div.panel", { role: "tabpanel", id: unique("panel") });
  const buttons = entries.map((entry, index) =>
    h(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: unique("tab"),
        "aria-controls": panel.id,
        onclick: () => show(index),
        onkeydown: (event) => move(event, index),
      },
      entry.name,
    ),
  );
  const show = (index) => {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", at === index);
      button.tabIndex = at === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[index].id);
    panel.replaceChildren(entries[index].render());
    panel.shown = index;
  };
  const move = (event, index) => {
    const last = entries.length - 1;
    const to = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index === 0 ? last : index - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
    buttons[to].focus();
  };
  list.append(...buttons);
  show(0);
  const element = h("div.tabs", null, h("div.tabbar", null, list, extra), panel);
  element.again = () => show(panel.shown);
  return element;
}

const waiting = new WeakMap();
const near = new IntersectionObserver(
  (changes) => {
    for (const { target } of changes.filter((one) => one.isIntersecting)) {
      near.unobserve(target);
      target.append(...waiting.get(target)().filter(Boolean));
    }
  },
  { rootMargin: "1200px 0px" },
);

// An element that is filled when the reader comes near: hundreds of operations stay quick.
export function later(element, render) {
  waiting.set(element, render);
  near.observe(element);
  return element;
}

// A disclosure whose content is made when it is first opened.
export function fold(summary, render, open = false, name = "details") {
  const element = h(name, null, h("summary", null, summary));
  const fill = () => {
    if (element.open && element.children.length === 1) element.append(render());
  };
  element.addEventListener("toggle", fill);
  if (open) {
    element.open = true;
    fill();
  }
  return element;
}
