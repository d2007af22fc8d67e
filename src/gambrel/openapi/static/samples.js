// The same request in three languages, from a prepared one (`makeRequest`). Text only.

import { isJson } from "./request.js";

export const SAMPLES = [
  { name: "curl", make: curl },
  { name: "Python", make: python },
  { name: "JavaScript", make: javascript },
];

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (text) => JSON.stringify(text);
const isText = (made) => typeof made.body === "string" && made.body !== "";

const parts = (made) =>
  made.body instanceof Map ? [...made.body].filter(([, value]) => value !== "") : [];

const isFile = (value) => value === null || value instanceof FileList;
const fileName = (value) => value?.[0]?.name ?? "file";

function parsed(made) {
  if (!isJson(made.type) || !isText(made)) return undefined;
  try {
    return JSON.parse(made.body);
  } catch {
    return undefined;
  }
}

function headers(made) {
  const cookies = made.cookies.map(([name, value]) => `${name}=${value}`).join("; ");
  return [...made.headers, ...(cookies ? [["Cookie", cookies]] : [])];
}

function curl(made) {
  const method = made.method === "GET" ? "" : `-X ${made.method} `;
  const lines = [`curl ${method}${shell(made.url)}`];
  for (const [name, value] of headers(made)) lines.push(`-H ${shell(`${name}: ${value}`)}`);
  if (isText(made)) {
    lines.push(`-H ${shell(`Content-Type: ${made.type}`)}`, `--data-raw ${shell(made.body)}`);
  }
  const flag = made.type === "multipart/form-data" ? "-F" : "--data-urlencode";
  for (const [name, value] of parts(made)) {
    const sent = isFile(value) ? `@${fileName(value)}` : value;
    lines.push(`${flag} ${shell(`${name}=${sent}`)}`);
  }
  return lines.join(" \\\n  ");
}

function python(made) {
  const data = parsed(made);
  const known = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/.test(made.method);
  const short = known && !(made.method === "DELETE" && made.body);
  const call = short ? `httpx.${made.method.toLowerCase()}(` : "httpx.request(";
  const all = [...made.headers];
  const files = parts(made).filter(([, value]) => isFile(value));
  const fields = parts(made).filter(([, value]) => !isFile(value));
  if (isText(made) && data === undefined) all.push(["Content-Type", made.type]);
  const lines = [...(short ? [] : [quoted(made.method)]), quoted(made.url)];
  const mapping = (name, entries) =>
    entries.length && lines.push(`${name}=${literal(Object.fromEntries(entries), 1)}`);
  mapping("headers", all);
  mapping("cookies", made.cookies);
  if (data !== undefined) lines.push(`json=${literal(data, 1)}`);
  else if (isText(made)) lines.push(`content=${quoted(made.body)}`);
  mapping("data", fields);
  const opened = files.map(([name, value]) => `${quoted(name)}: open(${quoted(fileName(value))}, "rb")`);
  if (opened.length) lines.push(`files={${opened.join(", ")}}`);
  const body = lines.map((line) => `    ${line},\n`).join("");
  return `import httpx\n\nresponse = ${call}\n${body})\nprint(response.status_code, response.text)`;
}

// A JSON value as Python writes it.
function literal(value, depth) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const pad = "    ".repeat(depth + 1);
  const inner = Array.isArray(value)
    ? value.map((item) => literal(item, depth + 1))
    : Object.entries(value).map(([name, item]) => `${quoted(name)}: ${literal(item, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (!inner.length) return open + close;
  return `${open}\n${inner.map((item) => `${pad}${item},\n`).join("")}${"    ".repeat(depth)}${close}`;
}

function javascript(made) {
  const data = parsed(made);
  const setup = [];
  const options = made.method === "GET" ? [] : [`method: ${quoted(made.method)}`];
  const all = [...made.headers];
  if (isText(made)) all.push(["Content-Type", made.type]);
  if (all.length) {
    const entries = all.map(([name, value]) => `    ${quoted(name)}: ${quoted(value)},\n`);
    options.push(`headers: {\n${entries.join("")}  }`);
  }
  if (data !== undefined) {
    options.push(`body: JSON.stringify(${JSON.stringify(data, null, 2).replaceAll("\n", "\n  ")})`);
  } else if (isText(made)) options.push(`body: ${quoted(made.body)}`);
  if (parts(made).length) {
    const kind = made.type === "multipart/form-data" ? "FormData" : "URLSearchParams";
    setup.push(`const form = new ${kind}();`);
    for (const [name, value] of parts(made)) {
      setup.push(`form.append(${quoted(name)}, ${isFile(value) ? "input.files[0]" : quoted(value)});`);
    }
    options.push("body: form");
  }
  const tail = options.length ? `, {\n${options.map((line) => `  ${line},\n`).join("")}}` : "";
  return [...setup, `const response = await fetch(${quoted(made.url)}${tail});`, "console.log(response.status, await response.text());"].join("\n");
}
