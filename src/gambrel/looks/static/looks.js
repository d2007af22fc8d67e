// What pages do better with a script, and do without one as well. Nothing here is needed.
//
//   <form data-live>                     fields are checked when they are left
//   <a href="/list" data-swap="#list">   takes the place of #list, and not of the page; a form, too
//   <button data-confirm="Delete it?">   asks before it goes on
"use strict";
(() => {
  const busy = (element, is) => element.setAttribute("aria-busy", String(is));
  // What a form is, whatever its fields are called: `form.action` may be a field.
  const of = (form, name) => Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, name).get.call(form);

  // Fields that are checked while the visitor types: the server has the rules.
  function errorOf(field, text) {
    const id = `${field.id}-error`;
    let shown = document.getElementById(id);
    const around = field.closest(".form-field");
    const names = (field.getAttribute("aria-describedby") || "").split(" ").filter((n) => n && n !== id);
    if (!text) {
      shown?.remove();
      field.removeAttribute("aria-invalid");
    } else {
      if (!shown) {
        shown = document.createElement("p");
        shown.id = id;
        shown.className = "form-error";
        shown.setAttribute("role", "status");
        field.before(shown);
      }
      shown.textContent = text.charAt(0).toUpperCase() + text.slice(1);
      names.push(id);
      field.setAttribute("aria-invalid", "true");
    }
    around?.classList.toggle("has-error", Boolean(text));
    if (names.length) field.setAttribute("aria-describedby", names.join(" "));
    else field.removeAttribute("aria-describedby");
  }

  let released = Promise.resolve();
  addEventListener("pointerdown", () => {
    released = new Promise((go) => {
      for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(go), { once: true });
    });
  }, true);

  async function check(form, field) {
    const content = new FormData(form);
    for (const [name, value] of [...content]) if (value instanceof File) content.delete(name);
    const answer = await fetch(of(form, "action"), {
      method: of(form, "method"),
      body: new URLSearchParams(content),
      headers: { Precognition: "true", "Precognition-Validate-Only": field.name },
    });
    await released; // a page that moves under a pressed button loses the click
    if (answer.status === 204) errorOf(field, "");
    else if (answer.status === 422) errorOf(field, ((await answer.json()).errors[field.name] || [""]).join("; "));
  }

  document.addEventListener("change", (event) => {
    const field = event.target;
    const form = field.form;
    if (form?.matches("[data-live]") && field.name && field.type !== "file") check(form, field).catch(() => {});
  });

  // Parts of a page that are exchanged.
  // What was exchanged has an address, to be loaded anew and gone back to.
  function remember(address) {
    if (address === location.href) return;
    history.replaceState({ swapped: true }, "");
    history.pushState({ swapped: true }, "", address);
  }
  addEventListener("popstate", (event) => event.state?.swapped && location.reload());

  async function swap(selector, address, options) {
    const target = document.querySelector(selector);
    busy(target, true);
    try {
      const held = target.contains(document.activeElement); // the focus would fall out of the page
      const answer = await fetch(address, { ...options, headers: { Accept: "text/html", "X-Fragment": selector } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector(selector);
      if (!found) return location.assign(answer.url);
      target.replaceWith(found);
      if (!options?.body) remember(answer.url);
      const first = found.querySelector("[autofocus]") || (held ? found : null);
      if (first === found && !found.hasAttribute("tabindex")) found.tabIndex = -1;
      first?.focus({ preventScroll: first === found });
      // Who has gone on from the end of a long part reads the next one from its beginning.
      if (held && !options?.body && found.getBoundingClientRect().top < 0) found.scrollIntoView();
      document.dispatchEvent(new CustomEvent("swapped", { detail: { target: found } }));
    } finally {
      busy(target, false);
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (!document.querySelector(link.dataset.swap)) return;
    event.preventDefault();
    swap(link.dataset.swap, link.href).catch(() => location.assign(link.href));
  });

  async function send(form, button) {
    const content = new FormData(form, button);
    const isGet = of(form, "method") === "get";
    const isMultipart = of(form, "enctype") === "multipart/form-data";
    const action = button?.hasAttribute("formaction") ? button.formAction : of(form, "action");
    const address = isGet ? `${action}?${new URLSearchParams(content)}` : action;
    const body = isGet ? undefined : isMultipart ? content : new URLSearchParams(content);
    try {
      await swap(form.dataset.swap, address, { method: of(form, "method"), body });
    } catch {
      if (isGet) return location.assign(address);
      // It may have been done: nothing is sent a second time.
      const lost = document.createElement("p");
      lost.className = "form-error";
      lost.setAttribute("role", "alert");
      lost.textContent = form.dataset.lost || "No answer came. Load the page anew to see whether it was done.";
      form.prepend(lost);
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const question = button?.dataset.confirm || form.dataset.confirm;
    if (question && !confirm(question)) return event.preventDefault();
    if (form.dataset.sent) return event.preventDefault(); // a second click sends nothing twice
    form.dataset.sent = "yes";
    busy(form, true);
    if (!form.dataset.swap || !document.querySelector(form.dataset.swap)) return;
    event.preventDefault();
    send(form, button).finally(() => {
      delete form.dataset.sent;
      busy(form, false);
    });
  });

  // The time zone of the visitor, where the page wants to know: <html data-timezone-cookie="tz">.
  const cookie = document.documentElement.dataset.timezoneCookie;
  const zone = cookie && Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `${cookie}=${zone}; path=/; max-age=31536000; samesite=lax`;

  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      busy(form, false);
    }
  });
})();
