// Reads an OpenAPI document: references, operations by tag, what a type is called, an example.
// Knows no page.

const METHODS = ["get", "query", "post", "put", "patch", "delete", "head", "options", "trace"];
const DEPTH = 8;

let root = {};

export const setDocument = (document) => (root = document);

// What a reference leads to; keywords beside the reference win.
export function resolve(node) {
  for (let steps = 0; node && typeof node.$ref === "string" && steps < 50; steps += 1) {
    const { $ref, ...beside } = node;
    node = { ...follow($ref), ...beside };
  }
  return node ?? {};
}

function follow(reference) {
  if (!reference.startsWith("#/")) return {};
  let node = root;
  for (const part of reference.slice(2).split("/")) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return {};
    node = node[key];
  }
  return node;
}

export const schemaName = (schema) =>
  typeof schema?.$ref === "string" ? decodeURIComponent(schema.$ref.split("/").pop()) : "";

// All operations in order of declaration, webhooks last.
export function operations(paths = root.paths, webhooks = root.webhooks) {
  const found = [];
  const read = (path, entry, webhook) => {
    const item = resolve(entry);
    const others = Object.entries(item.additionalOperations ?? {});
    const known = METHODS.filter((method) => item[method]).map((method) => [method, item[method]]);
    for (const [method, operation] of [...known, ...others]) {
      const own = (operation.parameters ?? []).map(resolve);
      const shared = (item.parameters ?? [])
        .map(resolve)
        .filter((one) => !own.some((other) => other.name === one.name && other.in === one.in));
      found.push({
        id: operation.operationId ?? `${method}-${path}`,
        method: method.toUpperCase(),
        path,
        webhook,
        operation,
        title: operation.summary || path,
        tag: operation.tags?.[0] ?? (webhook ? "Webhooks" : "Operations"),
        parameters: [...shared, ...own],
      });
    }
  };
  for (const [path, item] of Object.entries(paths ?? {})) read(path, item, false);
  for (const [name, item] of Object.entries(webhooks ?? {})) read(name, item, true);
  return found;
}

// [{name, description, entries}] in the document's order of tags.
export function groups(all) {
  const names = new Map((root.tags ?? []).map((tag) => [tag.name, { ...tag, entries: [] }]));
  for (const entry of all) {
    if (!names.has(entry.tag)) names.set(entry.tag, { name: entry.tag, entries: [] });
    names.get(entry.tag).entries.push(entry);
  }
  return [...names.values()].filter((group) => group.entries.length);
}

// {schema, nullable}: the one type behind `X | null`, whichever way it is written.
export function withoutNull(schema) {
  for (const key of ["anyOf", "oneOf"]) {
    const parts = schema?.[key];
    if (!Array.isArray(parts)) continue;
    const real = parts.filter((part) => part.type !== "null");
    if (real.length === parts.length) continue;
    const { [key]: _, ...rest } = schema;
    if (real.length === 1) return { schema: { ...real[0], ...rest }, nullable: true };
    return { schema: { ...rest, [key]: real }, nullable: true };
  }
  if (Array.isArray(schema?.type) && schema.type.includes("null")) {
    const types = schema.type.filter((type) => type !== "null");
    return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, nullable: true };
  }
  return { schema: schema ?? {}, nullable: false };
}

export const variants = (schema) => schema.oneOf ?? schema.anyOf ?? [];

// One object out of `allOf`, for showing.
export function merged(schema) {
  if (!Array.isArray(schema.allOf)) return schema;
  return schema.allOf.map((part) => merged(resolve(part))).reduce(
    (all, part) => ({
      ...all,
      ...part,
      properties: { ...all.properties, ...part.properties },
      required: [...(all.required ?? []), ...(part.required ?? [])],
    }),
    { ...schema, allOf: undefined },
  );
}

export function typeName(given, depth = 0) {
  const { schema, nullable } = withoutNull(given);
  return plainName(schema, depth) + (nullable ? " or null" : "");
}

function plainName(schema, depth) {
  const real = resolve(schema);
  if (schema.$ref && !isScalar(real)) return schemaName(schema);
  const parts = variants(real);
  if (parts.length && depth < DEPTH) {
    return [...new Set(parts.map((part) => typeName(part, depth + 1)))].join(" or ");
  }
  if (real.type === "array") {
    return depth < DEPTH ? `array of ${typeName(real.items ?? {}, depth + 1)}` : "array";
  }
  if ("const" in real || real.enum?.length === 1) return JSON.stringify(real.const ?? real.enum[0]);
  if (real.enum) return schemaName(schema) || "enum";
  if (real.type === "object" && isSchema(real.additionalProperties)) {
    return `map of ${typeName(real.additionalProperties, depth + 1)}`;
  }
  const type = Array.isArray(real.type) ? real.type.join(" or ") : real.type;
  if (real.format === "binary") return "file";
  return real.format ? `${type ?? "any"} (${real.format})` : (type ?? (real.properties ? "object" : "any"));
}

const isSchema = (value) => typeof value === "object" && value !== null && Object.keys(value).length;

const isScalar = (schema) =>
  !schema.properties && !schema.enum && !variants(schema).length && schema.type !== "object";

// An example of what a schema describes: given ones first, else made from types.
export function example(given, depth = 0) {
  const { schema } = withoutNull(given);
  const real = merged(resolve(schema));
  const told = [given.default, given.example, given.examples?.[0], real.default, real.example];
  for (const value of [...told, real.examples?.[0], real.const, real.enum?.[0]]) {
    if (value !== undefined && value !== null) return value;
  }
  const parts = variants(real);
  if (parts.length) return depth < DEPTH ? example(parts[0], depth + 1) : null;
  if (real.type === "array") return depth < 4 ? [example(real.items ?? {}, depth + 1)] : [];
  if (real.type === "object" || real.properties) return object(real, depth);
  return scalar(real);
}

function object(schema, depth) {
  const made = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.readOnly) continue;
    const needed = schema.required?.includes(name);
    if (depth >= 4 && !needed) continue;
    const value = depth < DEPTH ? example(property, depth + 1) : null;
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true });
  }
  if (!schema.properties && isSchema(schema.additionalProperties) && depth < 4) {
    made.key = example(schema.additionalProperties, depth + 1);
  }
  return made;
}

const FORMATS = {
  uuid: "3f2c8a94-6d1b-4c7e-9a05-1e8b7d2f4c60",
  date: "2026-11-22",
  time: "09:30:00",
  "date-time": "2026-11-22T09:30:00Z",
  duration: "PT15M",
  email: "ada@example.com",
  uri: "https://example.com/",
  decimal: "9.90",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
};

function scalar(schema) {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "boolean") return false;
  if (type === "integer" || type === "number") {
    const low = schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1;
    const high = schema.maximum ?? (schema.exclusiveMaximum ?? Infinity) - 1;
    return Math.min(Math.max(low, 1), high);
  }
  if (type === "string") return FORMATS[schema.format] ?? "text".padEnd(schema.minLength ?? 0, ".");
  return null;
}

// What holds for an operation: its own needs, else the document's.
export const security = (operation) => operation.security ?? root.security ?? [];

export const schemes = () => root.components?.securitySchemes ?? {};
