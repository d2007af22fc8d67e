// Without this script the form works all the same, and nobody sees how far it is.

const form = document.querySelector("#upload");
const bar = document.querySelector("#bar");
const progress = document.querySelector("#progress");
const told = document.querySelector("#told");

function finish(text) {
  form.querySelector("button").disabled = false;
  told.textContent = text;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
    if (lengthComputable) {
      progress.value = loaded / total;
      told.textContent = `${Math.round((100 * loaded) / total)} %`;
    }
  });
  request.addEventListener("load", () => {
    if (request.status === 200) {
      location.reload();
    } else {
      finish(request.status === 413 ? "That is too large." : `It was refused (${request.status}).`);
    }
  });
  request.addEventListener("error", () => finish("The connection broke off."));
  request.open("POST", form.action);
  request.send(new FormData(form));
  form.querySelector("button").disabled = true;
  bar.hidden = false;
});
