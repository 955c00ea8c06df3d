// Says that a long form is being worked on, from the click to the next page, and sends it once however often one clicks.
// Without script, the browser shows by itself that it waits.
(function () {
  "use strict";
  function begin(event) {
    var form = event.target;
    if (form.querySelector(".waiting")) { event.preventDefault(); return; }
    var said = document.createElement("div"), bar = document.createElement("progress");
    said.className = "waiting";
    said.setAttribute("role", "status");
    bar.setAttribute("aria-label", form.dataset.wait);
    said.append(form.dataset.wait, bar);
    form.append(said);
  }
  document.querySelectorAll("form[data-wait]").forEach(function (form) { form.addEventListener("submit", begin); });
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) { return; }
    document.querySelectorAll(".waiting").forEach(function (said) { said.remove(); });
  });
}());
