// Credentials for trying things out: kept in memory until the page is left, never stored.

import { announce, h, unique } from "./dom.js";
import { markdown } from "./markdown.js";
import { resolve, schemes, security } from "./model.js";

const given = new Map();

const TOKENS = ["oauth2", "openIdConnect"];

// [{place, name, value}] for the first alternative of an operation that one can satisfy.
export function credentialsFor(operation, secrets) {
  const needs = security(operation).filter((one) => Object.keys(one).length);
  const usable = needs.find((one) => Object.keys(one).every((name) => given.has(name)));
  const chosen = secrets ? usable : (usable ?? needs[0]);
  return Object.keys(chosen ?? {}).map((name) => credential(name, secrets)).filter(Boolean);
}

function credential(name, secrets) {
  const scheme = resolve(schemes()[name]);
  const value = secrets ? given.get(name) : null;
  if (scheme.type === "apiKey") {
    return scheme.in !== "cookie" && { place: scheme.in, name: scheme.name, value: value ?? "YOUR_KEY" };
  }
  if (scheme.type === "http" && /^basic$/i.test(scheme.scheme)) {
    return { place: "header", name: "Authorization", value: `Basic ${value ?? "BASE64_USER_PASSWORD"}` };
  }
  const kind = scheme.type === "http" && !/^bearer$/i.test(scheme.scheme) ? scheme.scheme : "Bearer";
  return { place: "header", name: "Authorization", value: `${kind} ${value ?? "YOUR_TOKEN"}` };
}

// How a scheme is called in a line of text.
export function schemeWords(name) {
  const scheme = resolve(schemes()[name]);
  if (scheme.type === "apiKey") return `API key in ${scheme.in} ${scheme.name}`;
  if (TOKENS.includes(scheme.type)) return scheme.type === "oauth2" ? "OAuth 2" : "OpenID Connect";
  if (/^basic$/i.test(scheme.scheme)) return "user name and password";
  return `${scheme.scheme ?? "bearer"} token${scheme.bearerFormat ? ` (${scheme.bearerFormat})` : ""}`;
}

// The dialog; `changed` is called when credentials were set or forgotten.
export function authDialog(changed) {
  const title = unique("auth");
  const form = h(
    "form",
    { method: "dialog", onsubmit: () => keep(form, changed) },
    h("h2", { id: title }, "Credentials"),
    h("p.hint", null, "Kept in memory for this page only, and sent with the requests you try."),
    Object.keys(schemes()).map(section),
    h(
      "div.buttons",
      null,
      h("button.main", { type: "submit" }, "Use them"),
      h("button.quiet", { type: "button", onclick: () => forget(form, dialog, changed) }, "Forget all"),
    ),
  );
  const close = h("button.quiet.close", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = h("dialog", { "aria-labelledby": title }, close, form);
  return dialog;
}

function section(name) {
  const scheme = resolve(schemes()[name]);
  return h(
    "fieldset",
    { "data-scheme": name },
    h("legend", null, name, h("span.hint", null, schemeWords(name))),
    scheme.description && markdown(scheme.description),
    inputs(scheme),
  );
}

function inputs(scheme) {
  if (scheme.type === "apiKey" && scheme.in === "cookie") {
    return h("p.hint", null, `Your browser sends the cookie ${scheme.name} by itself once you are signed in.`);
  }
  if (scheme.type === "http" && /^basic$/i.test(scheme.scheme)) {
    return [input("User name", "text", "username"), input("Password", "password", "current-password")];
  }
  return input(scheme.type === "apiKey" ? "Key" : "Token", "password", "off");
}

function input(label, type, autocomplete) {
  const id = unique("credential");
  return h(
    "div.field",
    null,
    h("label", { for: id }, label),
    h("input", { id, type, autocomplete, spellcheck: "false" }),
  );
}

function keep(form, changed) {
  for (const part of form.querySelectorAll("fieldset")) {
    const values = [...part.querySelectorAll("input")].map((one) => one.value);
    if (values.length && values.some(Boolean)) {
      given.set(part.dataset.scheme, values.length === 2 ? base64(values.join(":")) : values[0].trim());
    } else given.delete(part.dataset.scheme);
  }
  announce(given.size ? "Credentials are set" : "No credentials are set");
  changed(given.size);
}

function forget(form, dialog, changed) {
  form.reset();
  given.clear();
  changed(0);
  dialog.close();
}

// RFC 7617 §2.1: user name and password as UTF-8.
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
