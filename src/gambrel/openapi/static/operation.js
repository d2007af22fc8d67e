// One operation: what it takes and gives on the left, how to call it on the right.

import { code, copyButton, fold, h, later, tabs } from "./dom.js";
import { schemeWords } from "./auth.js";
import { inline, markdown } from "./markdown.js";
import { operations, resolve, security } from "./model.js";
import { bodyContent, isJson, makeRequest, mediaExample, startValues } from "./request.js";
import { SAMPLES } from "./samples.js";
import { jsonExample, row, schemaView } from "./schema.js";
import { tryForm } from "./tryit.js";

const PLACES = [
  ["path", "Path"],
  ["query", "Query"],
  ["header", "Headers"],
  ["cookie", "Cookies"],
];

export const method = (name) => h("span.method", { "data-method": name }, name);

export function operationView(entry, servers) {
  const { operation, id, title } = entry;
  const heading = `${id}--title`;
  const route = `${id}--route`;
  const text = h(
    "div.text",
    null,
    h(
      "h3",
      { id: heading },
      title,
      h("a.anchor", { href: `#${encodeURIComponent(id)}`, "aria-label": `Link to ${title}` }, "#"),
    ),
    h("p.route", { id: route }, method(entry.method), h("code", null, pathParts(entry.path))),
    operation.deprecated && h("p", null, h("span.warn", null, "deprecated")),
    operation.description && markdown(operation.description),
    needs(operation),
    PLACES.map(([place, label]) => parameters(entry, place, label)),
    body(entry),
    responses(operation, entry.webhook),
    callbacks(operation),
  );
  const fill = entry.webhook ? () => webhookSide(entry) : () => callSide(entry, servers);
  const side = later(h("div.side"), fill);
  return h("section.op", { id, "aria-labelledby": `${heading} ${route}`, tabindex: "-1" }, text, side);
}

// Template variables stand out, and long paths may break after a slash.
const pathParts = (path) =>
  path
    .split(/(\{[^{}]*\}|\/)/)
    .map((part) => (part[0] === "{" ? h("em", null, part) : part === "/" ? [h("wbr"), part] : part));

function needs(operation) {
  const alternatives = security(operation);
  if (!alternatives.some((one) => Object.keys(one).length)) return null;
  const words = alternatives.map((one) =>
    Object.entries(one)
      .map(([name, scopes]) => schemeWords(name) + (scopes.length ? ` with ${scopes.join(", ")}` : ""))
      .join(" and "),
  );
  return h("p.needs", null, h("strong", null, "Needs "), words.map((text) => text || "nothing").join(", or "));
}

// What text in any path cannot have is no news of this one.
const ANY_TEXT = "^[^\\x00-\\x1f\\x7f]+$";

function parameters(entry, place, label) {
  const own = entry.parameters.filter((param) => param.in === place);
  if (!own.length) return null;
  const shown = ({ schema = {} }) => (schema.pattern === ANY_TEXT ? { ...schema, pattern: undefined } : schema);
  const rows = own.map((param) =>
    row(param.name, shown(param), {
      required: param.required,
      deprecated: param.deprecated,
      text: param.description,
      examples: param.examples && Object.values(param.examples).map((one) => resolve(one).value),
    }),
  );
  return [h("h4", null, label), h("ul.rows", null, rows)];
}

function body(entry) {
  const given = resolve(entry.operation.requestBody);
  if (!given.content) return null;
  return [
    h("h4", null, "Body", given.required && h("span.required", null, "required")),
    given.description && markdown(given.description),
    media(given.content, entry.webhook ? "output" : "input", `Body of ${entry.title}`),
  ];
}

// Media types of one schema share one view.
function media(content, direction, label) {
  const kinds = new Map();
  for (const [type, { schema, itemSchema }] of Object.entries(content)) {
    const shape = JSON.stringify([schema, itemSchema]);
    const kind = kinds.get(shape) ?? { types: [], schema: schema ?? itemSchema, items: itemSchema };
    kind.types.push(type);
    kinds.set(shape, kind);
  }
  const entries = [...kinds.values()].map(({ types, schema, items }) => ({
    name: types.join(", "),
    render: () =>
      h(
        "div",
        null,
        h("p.media", null, types.join(" · ")),
        items && h("p.hint", null, "A stream; each item:"),
        schema && schemaView(schema, direction),
      ),
  }));
  return entries.length > 1 ? tabs(label, entries) : entries[0]?.render();
}

function responses(operation, webhook) {
  const all = Object.entries(operation.responses ?? {});
  if (!all.length) return null;
  const success = all.find(([status]) => status[0] === "2");
  const rows = all.map(([status, given]) => {
    const response = resolve(given);
    const label = [
      h("span.status", { "data-kind": status[0] }, status),
      h("span", null, inline((response.description ?? "").split("\n")[0])),
    ];
    const rest = response.content || response.headers;
    if (!rest) return h("li.plain", null, label);
    const open = status === success?.[0];
    return h("li", null, fold(label, () => h("div.nested", null, responseBody(response)), open));
  });
  return [h("h4", null, webhook ? "Answer with" : "Responses"), h("ul.responses", null, rows)];
}

function responseBody(response) {
  const headers = Object.entries(response.headers ?? {}).map(([name, given]) => {
    const { schema = {}, required, description } = resolve(given);
    return row(name, schema, { required, text: description });
  });
  return [
    headers.length > 0 && [h("p.label", null, "Headers"), h("ul.rows", null, headers)],
    response.content && media(response.content, "output", "Media types"),
  ];
}

function callbacks(operation) {
  const all = Object.entries(operation.callbacks ?? {});
  if (!all.length) return null;
  const rows = all.flatMap(([name, given]) =>
    Object.entries(resolve(given)).flatMap(([url, item]) =>
      operations({ [url]: item }, {}).map((entry) =>
        h(
          "li",
          null,
          fold([method(entry.method), h("code", null, url), h("span.hint", null, name)], () =>
            h("div.nested", null, entry.operation.description && markdown(entry.operation.description), body({ ...entry, webhook: true }), responses(entry.operation, true)),
          ),
        ),
      ),
    ),
  );
  return [h("h4", null, "Callbacks"), h("ul.responses", null, rows)];
}

function callSide(entry, servers) {
  const values = startValues(entry, servers[0].url);
  const current = () => makeRequest(entry, values, false);
  let made = current();
  let shown = SAMPLES[0];
  const samples = tabs(
    `Samples for ${entry.title}`,
    SAMPLES.map((sample) => ({
      name: sample.name,
      render: () => {
        shown = sample;
        return code(sample.make(made), `${sample.name} sample`);
      },
    })),
    copyButton(() => shown.make(made), "the sample"),
  );
  const changed = () => {
    made = current();
    samples.again();
  };
  const attempt = fold("Try it", () => tryForm(entry, values, servers, changed));
  attempt.classList.add("try");
  return [samples, attempt, examples(entry.operation.responses)];
}

function webhookSide(entry) {
  return [examples({ "Sent to you": { content: bodyContent(entry) } })];
}

// What answers look like; those of one shape are shown once.
function examples(responses) {
  const entries = new Map();
  for (const [name, given] of Object.entries(responses ?? {})) {
    const content = resolve(given).content ?? {};
    const media = content[Object.keys(content).find(isJson)];
    const shape = JSON.stringify(media);
    if (!media || entries.has(shape)) continue;
    const render = () => jsonExample(mediaExample(media) ?? null, `Example of ${name}`);
    entries.set(shape, { name, render });
  }
  return entries.size > 0 && tabs("Example responses", [...entries.values()]);
}
