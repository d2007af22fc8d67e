export function sorted(terms) {
  return [...terms].sort((a, b) => a.textContent.localeCompare(b.textContent));
}
