// A small, safe part of Markdown, from text straight to nodes: paragraphs, headings, lists,
// quotes, fenced code, tables are not; in a line: code, bold, emphasis, links. HTML stays text.

import { code, h, link } from "./dom.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
const ITEM = /^\s*(?:[-*+]|(\d{1,4})[.)])\s+(.*)$/;

export function markdown(text) {
  const root = h("div.prose");
  const lines = String(text ?? "").split(/\r\n|\r|\n/);
  for (let at = 0; at < lines.length; ) {
    const [node, next] = block(lines, at);
    if (node) root.append(node);
    at = next;
  }
  return root;
}

// The first paragraph, without marks, for a list or a summary.
export const firstLine = (text) =>
  String(text ?? "").split(/\n\s*\n/)[0].replace(/[`*]/g, "").trim();

function block(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (/^\s*```/.test(line)) return fenced(lines, at);
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) return [h("p.heading", null, inline(heading[1])), at + 1];
  if (ITEM.test(line)) return list(lines, at);
  if (/^\s*>/.test(line)) return quote(lines, at);
  return paragraph(lines, at);
}

function fenced(lines, at) {
  let end = at + 1;
  while (end < lines.length && !/^\s*```/.test(lines[end])) end += 1;
  return [code(lines.slice(at + 1, end).join("\n"), "Code"), end + 1];
}

function list(lines, at) {
  const ordered = ITEM.exec(lines[at])[1] !== undefined;
  const items = [];
  let end = at;
  for (; end < lines.length && lines[end].trim(); end += 1) {
    const item = ITEM.exec(lines[end]);
    if (item) items.push([item[2]]);
    else items.at(-1).push(lines[end].trim());
  }
  const children = items.map((parts) => h("li", null, inline(parts.join(" "))));
  return [h(ordered ? "ol" : "ul", null, children), end];
}

function quote(lines, at) {
  let end = at;
  while (end < lines.length && /^\s*>/.test(lines[end])) end += 1;
  const text = lines.slice(at, end).map((line) => line.replace(/^\s*>\s?/, ""));
  return [h("blockquote", null, h("p", null, inline(text.join(" ")))), end];
}

function paragraph(lines, at) {
  let end = at + 1;
  const stops = (line) => !line.trim() || /^\s*```|^#{1,6}\s|^\s*>/.test(line) || ITEM.test(line);
  while (end < lines.length && !stops(lines[end])) end += 1;
  return [h("p", null, inline(lines.slice(at, end).join(" "))), end];
}

export function inline(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [all, verbatim, strong, emphasis, label, address] = found;
    nodes.push(text.slice(end, found.index));
    if (verbatim) nodes.push(h("code", null, verbatim));
    else if (strong) nodes.push(h("strong", null, inline(strong)));
    else if (emphasis) nodes.push(h("em", null, inline(emphasis)));
    else nodes.push(link(address, label));
    end = found.index + all.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
