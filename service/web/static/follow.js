// Follows a running round without reloading the page: every second and a half, the progress section is replaced by the
// server's own. When the page no longer has one, the round is over and the result is loaded. Without script, the page
// reloads by itself.
(function () {
  "use strict";
  var section = document.querySelector("[data-follow]");
  if (!section) { return; }
  function again() { window.setTimeout(look, 1500); }
  function look() {
    fetch(window.location.href, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(answer.status); })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-follow]");
        if (!fresh) { window.location.reload(); return; }
        if (fresh.innerHTML !== section.innerHTML) { section.innerHTML = fresh.innerHTML; }
        again();
      })
      .catch(again);
  }
  again();
}());
