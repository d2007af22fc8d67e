// Of `gambrel dev` alone: loads the page again when a file of the app has changed, and its styles
// without that. A tab that nobody looks at holds no connection; it catches up when it is shown.
"use strict";
(() => {
  const address = document.currentScript.dataset.news;
  let source, known;

  function restyle() {
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]:not([data-replaced])')) {
      const url = new URL(link.href);
      if (url.origin !== location.origin) continue;
      url.searchParams.set("refresh", Date.now());
      const fresh = link.cloneNode();
      fresh.removeAttribute("integrity");
      fresh.href = url;
      fresh.onload = fresh.onerror = () => link.remove();
      link.dataset.replaced = "";
      link.after(fresh);
    }
  }

  function hear(event) {
    const news = JSON.parse(event.data);
    const before = known;
    known = news;
    if (!before) return;
    if (before.page !== news.page) location.reload();
    else if (before.styles !== news.styles) restyle();
  }

  function follow() {
    source?.close();
    source = undefined;
    if (document.hidden) return;
    source = new EventSource(address);
    source.onmessage = hear;
    // A browser gives up where an answer is none of the stream's; the app may be starting.
    source.onerror = () => source?.readyState === 2 && setTimeout(follow, 250);
  }

  document.addEventListener("visibilitychange", follow);
  addEventListener("pageshow", (event) => event.persisted && follow());
  addEventListener("pagehide", () => source?.close());
  follow();
})();
