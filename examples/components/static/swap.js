// A link or form with data-swap="id" fetches its answer and puts it into the element of that id;
// with data-outer in its place. Without this script they are plain links and forms.
async function swap(event, source, url, options) {
  const place = document.getElementById(source.dataset.swap);
  if (!place) return;
  event.preventDefault();
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { ...options, headers: { "X-Part": "1" } });
    if (!answer.ok) throw new Error(answer.status);
    place[source.hasAttribute("data-outer") ? "outerHTML" : "innerHTML"] = await answer.text();
    const again = document.getElementById(source.dataset.swap);
    if (!document.contains(source)) again?.querySelector("button, [aria-current]")?.focus();
  } catch {
    options.method ? source.submit() : location.assign(url);
  } finally {
    place.removeAttribute("aria-busy");
  }
}

addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (link && !event.metaKey && !event.ctrlKey) swap(event, link, link.href, {});
});

addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  await swap(event, form, form.action, { method: "POST", body });
  if (!form.hasAttribute("data-outer")) form.reset();
});
