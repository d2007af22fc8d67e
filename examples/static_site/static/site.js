import { sorted } from "./order.js";

const list = document.querySelector("dl");

document.querySelector("#order").addEventListener("click", () => {
  for (const term of sorted(list.querySelectorAll("dt"))) {
    const text = term.nextElementSibling;
    list.append(term, text);
  }
});
