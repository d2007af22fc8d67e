// Try it out: inputs made from the schema, the request really sent, the answer shown.

import { announce, code, h, unique } from "./dom.js";
import { resolve, typeName, withoutNull } from "./model.js";
import { bodyContent, isFile, isForm, isJson, key, makeRequest, payload } from "./request.js";

const LONGEST = 200_000;

export function tryForm(entry, values, servers, changed) {
  const output = h("div.output");
  const send = h("button.main", { type: "submit" }, "Send");
  const content = bodyContent(entry);
  const types = Object.keys(content).filter((type) => !/msgpack/.test(type));
  const body = h("div");
  const showBody = () => {
    body.replaceChildren(...bodyFields(content[values.type], values, changed));
    changed();
  };
  const form = h(
    "form.tryform",
    { onsubmit: (event) => run(event, entry, values, { send, output }), onkeydown: submitKey },
    servers.length > 1 &&
      choice("Server", servers.map(({ url }) => url), values.server, (value) => {
        values.server = value;
        changed();
      }),
    entry.parameters.map((param) => paramField(param, values, changed)),
    types.length > 1 &&
      choice("Body as", types, values.type, (value) => {
        values.type = value;
        showBody();
      }),
    body,
    h("div.buttons", null, send, h("span.hint", null, "Ctrl + Enter")),
  );
  if (types.length) showBody();
  return h("div.trybox", null, form, output);
}

function submitKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
}

function paramField(param, values, changed) {
  const note = param.in === "cookie" ? "cookie" : param.in === "header" ? "header" : "";
  const set = (value) => {
    values.params.set(key(param), value);
    changed();
  };
  const label = [h("code", null, param.name), param.required && " *", note && h("span.hint", null, note)];
  return field(label, param.schema ?? {}, values.params.get(key(param)), set);
}

// The control that suits a schema. Nothing is checked here: wrong input may be tried, too.
function field(label, given, value, set) {
  const schema = resolve(withoutNull(given).schema);
  const items = schema.type === "array" ? resolve(schema.items ?? {}) : null;
  if (schema.enum) return choice(label, ["", ...schema.enum], value, set);
  if (schema.type === "boolean") return choice(label, ["", "true", "false"], value, set);
  if (items?.enum) return boxes(label, items.enum, value, set);
  const id = unique("field");
  const number = schema.type === "integer" || schema.type === "number";
  const input = h("input", {
    id,
    value,
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    inputmode: number ? "decimal" : null,
    placeholder: items ? "one, two" : typeName(given),
    oninput: () => set(input.value),
  });
  return h("div.field", null, h("label", { for: id }, label), input);
}

function choice(label, options, value, set) {
  const id = unique("field");
  const select = h(
    "select",
    { id, onchange: () => set(select.value) },
    options.map((one) => h("option", { value: one, selected: String(one) === value }, one === "" ? "–" : one)),
  );
  return h("div.field", null, h("label", { for: id }, label), select);
}

function boxes(label, options, value, set) {
  const chosen = new Set(value.split(",").filter(Boolean));
  const change = (event) => {
    if (event.target.checked) chosen.add(event.target.value);
    else chosen.delete(event.target.value);
    set([...chosen].join(","));
  };
  const all = options.map((one) =>
    h(
      "label.box",
      null,
      h("input", { type: "checkbox", value: one, checked: chosen.has(String(one)), onchange: change }),
      one,
    ),
  );
  return h("fieldset.field", null, h("legend", null, label), h("div.boxes", null, all));
}

function bodyFields(media, values, changed) {
  const current = values.bodies.get(values.type);
  if (isForm(values.type)) {
    const { properties = {}, required = [] } = resolve(media.schema);
    return Object.entries(properties).map(([name, property]) => {
      const label = [h("code", null, name), required.includes(name) && " *"];
      const set = (value) => {
        current.set(name, value);
        changed();
      };
      return isFile(property) ? fileField(label, property, set) : field(label, property, current.get(name), set);
    });
  }
  return [textField(values, changed)];
}

function fileField(label, schema, set) {
  const id = unique("field");
  const multiple = resolve(schema).type === "array";
  const input = h("input", { id, type: "file", multiple, onchange: () => set(input.files) });
  return h("div.field", null, h("label", { for: id }, label), input);
}

function textField(values, changed) {
  const id = unique("field");
  const wrong = h("p.warn", { role: "status" });
  const area = h("textarea", { id, spellcheck: "false", rows: "1" });
  area.value = values.bodies.get(values.type);
  const read = () => {
    values.bodies.set(values.type, area.value);
    area.rows = Math.min(Math.max(area.value.split("\n").length, 4), 24);
    wrong.textContent = isJson(values.type) ? mistake(area.value) : "";
    changed();
  };
  area.addEventListener("input", read);
  area.rows = Math.min(area.value.split("\n").length, 24);
  return h("div.field", null, h("label", { for: id }, "Body", h("span.hint", null, values.type)), area, wrong);
}

function mistake(text) {
  try {
    if (text) JSON.parse(text);
    return "";
  } catch (error) {
    return `Not valid JSON: ${error.message}`;
  }
}

async function run(event, entry, values, { send, output }) {
  event.preventDefault();
  const made = makeRequest(entry, values, true);
  const headers = new Headers();
  const stop = new AbortController();
  const cancel = h("button.quiet", { type: "button", onclick: () => stop.abort() }, "Cancel");
  send.disabled = true;
  output.replaceChildren(h("p.hint", null, "Sending… ", cancel));
  const undo = setCookies(made.cookies);
  const begun = performance.now();
  try {
    for (const [name, value] of made.headers) headers.set(name, value);
    if (typeof made.body === "string" && made.body) headers.set("Content-Type", made.type);
    const body = payload(made);
    const options = { method: made.method, headers, body, signal: stop.signal, cache: "no-store" };
    const response = await fetch(made.url, options);
    const bytes = new Uint8Array(await response.arrayBuffer());
    output.replaceChildren(answer(response, bytes, performance.now() - begun));
    announce(`Answered with ${response.status} ${response.statusText}`);
  } catch (error) {
    const stopped = error.name === "AbortError";
    const words = stopped ? "Cancelled." : `The request could not be sent: ${error.message}`;
    output.replaceChildren(h("p.warn", { role: "alert" }, words));
  } finally {
    undo();
    send.disabled = false;
  }
}

function answer(response, bytes, elapsed) {
  const size = bytes.length < 2048 ? `${bytes.length} bytes` : `${(bytes.length / 1024).toFixed(1)} kB`;
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return h(
    "div.answer",
    null,
    h(
      "p.answerline",
      null,
      h("span.status", { "data-kind": String(response.status)[0] }, `${response.status} ${response.statusText}`),
      h("span.hint", null, `${Math.round(elapsed)} ms · ${size}`),
    ),
    shownBody(response.headers.get("content-type") ?? "", bytes),
    h("details", null, h("summary", null, "Headers"), code(headers, "Response headers")),
  );
}

function shownBody(type, bytes) {
  if (!bytes.length) return h("p.hint", null, "No body.");
  const [media] = type.split(";");
  if (!/^text\/|json|xml|javascript|urlencoded/.test(media)) {
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    return h("p", null, h("a", { href: url, download: "response" }, `Save the body (${media || "unknown type"})`));
  }
  const text = new TextDecoder().decode(bytes);
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return code(isJson(media) ? indented(cut) : cut, "Response body");
}

// JSON with line breaks. Parsing it would change what is shown: large numbers, repeated keys.
function indented(text) {
  let out = "";
  let depth = 0;
  let last = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === "}" || token === "]") {
      depth = Math.max(depth - 1, 0);
      out += last === "{" || last === "[" ? token : line() + token;
    } else {
      out += (last === "{" || last === "[" || last === ",") ? line() + token : token;
      if (token === "{" || token === "[") depth += 1;
      if (token === ":") out += " ";
    }
    last = token;
  }
  return out;
}

// Scripts may not set the Cookie header, but cookies for this path, for the time of the request.
function setCookies(pairs) {
  const before = document.cookie.split("; ");
  for (const [name, value] of pairs) document.cookie = `${name}=${encodeURIComponent(value)}; path=/; SameSite=Strict`;
  return () => {
    for (const [name] of pairs) {
      const old = before.find((one) => one.startsWith(`${name}=`));
      document.cookie = old ? `${old}; path=/` : `${name}=; path=/; max-age=0`;
    }
  };
}
