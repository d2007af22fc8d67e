// A request as one is about to send it: values typed or prefilled, and the message made of them.
// Knows the document and the credentials, no page.

import { credentialsFor } from "./auth.js";
import { example, resolve, withoutNull } from "./model.js";

const FORMS = ["application/x-www-form-urlencoded", "multipart/form-data"];

export const isForm = (type) => FORMS.includes(type);
export const isJson = (type) => /[/+]json$/.test(type);

// The values to begin with: examples for what is required, defaults, else nothing.
export function startValues(entry, server) {
  const values = { server, params: new Map(), type: "", bodies: new Map() };
  for (const param of entry.parameters) values.params.set(key(param), first(param));
  const content = bodyContent(entry);
  values.type = Object.keys(content).find(isJson) ?? Object.keys(content)[0] ?? "";
  for (const [type, media] of Object.entries(content)) {
    const value = mediaExample(media);
    if (isForm(type)) values.bodies.set(type, formStart(media));
    else values.bodies.set(type, isJson(type) ? JSON.stringify(value, null, 2) : "");
  }
  return values;
}

export const key = (param) => `${param.in} ${param.name}`;
export const bodyContent = (entry) => resolve(entry.operation.requestBody).content ?? {};

export function mediaExample(media) {
  const given = Object.values(media.examples ?? {})[0];
  if (given) return resolve(given).value;
  return media.example ?? (media.schema ? example(media.schema) : null);
}

function first(param) {
  const given = Object.values(param.examples ?? {})[0];
  if (given && (param.required || param.in === "path")) return text(resolve(given).value);
  if (!param.required && param.in !== "path") return "";
  return text(example(param.schema ?? {}));
}

export const text = (value) => {
  if (Array.isArray(value)) return value.map(text).join(",");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
};

function formStart(media) {
  const { properties = {}, required = [] } = resolve(media.schema);
  const start = new Map();
  for (const [name, property] of Object.entries(properties)) {
    const value = isFile(property) ? null : text(example(property));
    start.set(name, required.includes(name) ? value : "");
  }
  return start;
}

export function isFile(given) {
  const schema = resolve(withoutNull(given).schema);
  const one = schema.type === "array" ? resolve(schema.items ?? {}) : schema;
  return one.format === "binary" || Boolean(one.contentMediaType);
}

// {method, url, headers, cookies, type, body}: `body` is text, or a Map of a form's parts, where
// null is a file still to be chosen.
// With `secrets` false, credentials are placeholders, so that a sample may be shown to anyone.
export function makeRequest(entry, values, secrets) {
  const made = { method: entry.method, headers: [], cookies: [], type: "", body: null };
  const query = [];
  let path = entry.path;
  for (const param of entry.parameters) {
    const value = values.params.get(key(param)) ?? "";
    if (param.in === "path") path = path.replaceAll(`{${param.name}}`, encodeURIComponent(value));
    else if (value === "" && !param.allowEmptyValue) continue;
    else if (param.in === "query") query.push(...pairs(param, value));
    else if (param.in === "header") made.headers.push([param.name, value]);
    else if (param.in === "cookie") made.cookies.push([param.name, value]);
  }
  for (const { place, name, value } of credentialsFor(entry.operation, secrets)) {
    if (place === "query") query.push([name, value]);
    else if (place === "header") made.headers.push([name, value]);
  }
  if (values.type) {
    made.type = values.type;
    made.body = values.bodies.get(values.type);
  }
  made.url = address(values.server, path, query);
  return made;
}

function pairs(param, value) {
  const { schema } = withoutNull(param.schema ?? {});
  if (resolve(schema).type !== "array" || param.explode === false) return [[param.name, value]];
  return value.split(",").map((one) => [param.name, one.trim()]);
}

function address(server, path, query) {
  const start = new URL(server || "/", document.baseURI).href.replace(/\/$/, "");
  const search = query.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");
  return start + path + (search ? `?${search}` : "");
}

const escaped = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%20", "+");

// The body as `fetch` takes it. The browser itself sets the type of a multipart form.
export function payload(made) {
  if (!(made.body instanceof Map)) return made.body || undefined;
  const filled = [...made.body].filter(([, value]) => value !== "" && value != null);
  const parts = filled.flatMap(([name, value]) =>
    value instanceof FileList ? [...value].map((file) => [name, file]) : [[name, value]],
  );
  const form = made.type === "multipart/form-data" ? new FormData() : new URLSearchParams();
  for (const [name, value] of parts) form.append(name, value);
  return form;
}
