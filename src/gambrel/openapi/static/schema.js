// Shows a type: its properties with constraints, opened level by level as far as one asks.

import { code, fold, h } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { example, merged, resolve, schemaName, typeName, variants, withoutNull } from "./model.js";

// The whole of a type, as a body or a response shows it.
export function schemaView(given, direction) {
  const { schema } = withoutNull(given);
  const real = merged(resolve(schema));
  const text = given.description ?? real.description;
  return h(
    "div.schema",
    null,
    h("p.typeline", null, typeLabel(given)),
    text && markdown(text),
    limits(real),
    inner(schema, direction),
  );
}

export function jsonExample(value, label) {
  return code(typeof value === "string" ? value : JSON.stringify(value, null, 2), label);
}

// The name of a type, leading to its own entry where it has one.
export function typeLabel(given) {
  const { schema, nullable } = withoutNull(given);
  const real = resolve(schema);
  const target = schema.$ref ? schema : schema.type === "array" && schema.items;
  const name = target && typeName(target) === schemaName(target) ? schemaName(target) : "";
  if (!name) return h("span.type", null, typeName(given));
  return h(
    "span.type",
    null,
    real.type === "array" && !schema.$ref && "array of ",
    h("a", { href: `#schema/${encodeURIComponent(name)}` }, name),
    nullable && " or null",
  );
}

// One row: a parameter, a property, a header.
export function row(name, given, { required, deprecated, text, examples, direction } = {}) {
  const { schema } = withoutNull(given);
  const real = resolve(schema);
  const words = text ?? given.description ?? real.description;
  return h(
    "li.row",
    null,
    h(
      "div.rowhead",
      null,
      h("code.name", { class: deprecated ? "name struck" : "name" }, name),
      typeLabel(given),
      direction === "output"
        ? !required && h("span.note", null, "may be missing")
        : required && h("span.required", null, "required"),
      (deprecated || given.deprecated) && h("span.warn", null, "deprecated"),
      given.readOnly && h("span.note", null, "read only"),
      given.writeOnly && h("span.note", null, "write only"),
    ),
    words && markdown(words),
    limits({ ...real, ...given, ...schema }, examples),
    nested(schema, direction),
  );
}

// What is below a property: in a disclosure, made when opened, so recursive types do no harm.
function nested(schema, direction) {
  const real = merged(resolve(schema));
  const parts = variants(real);
  if (parts.length) {
    return parts.some((part) => hasFields(part)) && h("div.nested", null, options(real, direction));
  }
  const target = real.type === "array" ? real.items : schema;
  if (real.type === "array" && real.items && variants(resolve(real.items)).length) {
    return nested(real.items, direction);
  }
  if (!target || !hasFields(target)) {
    const values = real.additionalProperties;
    return values && hasFields(values) ? nested(values, direction) : null;
  }
  const amount = Object.keys(merged(resolve(target)).properties).length;
  return fold(many(amount, "field"), () => h("div.nested", null, fields(target, direction)));
}

function inner(schema, direction) {
  const real = merged(resolve(schema));
  if (variants(real).length) return options(real, direction);
  if (real.type === "array" && real.items) return inner(withoutNull(real.items).schema, direction);
  if (hasFields(real)) return fields(real, direction);
  return hasFields(real.additionalProperties) && inner(real.additionalProperties, direction);
}

function fields(schema, direction) {
  const real = merged(resolve(schema));
  const shown = Object.entries(real.properties).filter(
    ([, property]) => !(direction === "input" ? property.readOnly : property.writeOnly),
  );
  const rows = shown.map(([name, property]) =>
    row(name, property, { required: real.required?.includes(name), direction }),
  );
  const closed = real.additionalProperties === false;
  return h("ul.rows", null, rows, closed && h("li.row.hint", null, "No other fields are taken."));
}

// The members of a union, each in its own disclosure, with the tag that tells it apart.
function options(real, direction) {
  const by = real.discriminator?.propertyName;
  const tags = Object.entries(real.discriminator?.mapping ?? {});
  const rows = variants(real).map((part) => {
    const target = resolve(part);
    const tag = tags.find(([, reference]) => reference === part.$ref)?.[0];
    const label = [
      h("span.type", null, typeName(part)),
      by && tag && h("span.note", null, `${by}: ${JSON.stringify(tag)}`),
    ];
    if (!hasFields(part)) return h("li.row", null, label, limits(target));
    return h("li.row", null, fold(label, () => h("div.nested", null, fields(part, direction))));
  });
  const words = real.anyOf && !by ? "Any of:" : "One of:";
  return [h("p.hint", null, words), h("ul.rows", null, rows)];
}

const hasFields = (schema) => {
  const properties = schema && merged(resolve(schema)).properties;
  return Boolean(properties && Object.keys(properties).length);
};

const LIMITS = [
  ["minimum", (value) => `≥ ${value}`],
  ["exclusiveMinimum", (value) => `> ${value}`],
  ["maximum", (value) => `≤ ${value}`],
  ["exclusiveMaximum", (value) => `< ${value}`],
  ["multipleOf", (value) => `multiple of ${value}`],
  ["minLength", (value) => `at least ${many(value, "character")}`],
  ["maxLength", (value) => `at most ${many(value, "character")}`],
  ["minItems", (value) => `at least ${many(value, "item")}`],
  ["maxItems", (value) => `at most ${many(value, "item")}`],
  ["uniqueItems", (value) => value && "no item twice"],
];

const many = (amount, noun) => `${amount} ${noun}${amount === 1 ? "" : "s"}`;

// Constraints, default, values and examples of a type, as short as can be.
function limits(schema, examples) {
  const items = schema.type === "array" ? resolve(schema.items ?? {}) : {};
  const words = LIMITS.filter(([key]) => schema[key] !== undefined)
    .map(([key, say]) => say(schema[key]))
    .filter(Boolean)
    .map((text) => h("span.limit", null, text));
  const listed = (label, values) =>
    values?.length && h("span.limit", null, `${label} `, values.flatMap((value, at) => [at ? " " : "", shown(value)]));
  const { default: preset } = schema;
  const given = examples ?? schema.examples;
  const all = [
    words,
    schema.pattern && !schema.format && !schema.contentEncoding && listed("matches", [schema.pattern]),
    preset !== undefined && preset !== null && listed("default", [preset]),
    listed("one of", (schema.enum ?? items.enum ?? []).slice(schema.enum?.length === 1)),
    listed(given?.length === 1 ? "example" : "examples", given),
  ].flat().filter(Boolean);
  return all.length > 0 && h("p.limits", null, all);
}

const shown = (value) => h("code", null, typeof value === "string" ? value || '""' : JSON.stringify(value));

// An entry of the list of schemas at the end of the page.
export function schemaEntry(name, schema) {
  const summary = [h("span.type", null, name), h("span.hint", null, inline(brief(schema)))];
  const entry = fold(summary, () =>
    h(
      "div.entry",
      null,
      schemaView(schema),
      h("p.label", null, "Example"),
      jsonExample(example(schema), `Example of ${name}`),
    ),
  );
  entry.id = `schema/${name}`;
  return entry;
}

const brief = (schema) => String(merged(schema).description ?? "").split("\n")[0];
