// A pressed button says that something runs, and cannot be pressed twice.
"use strict";

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (document.body.classList.contains("busy")) {
      event.preventDefault();
      return;
    }
    document.body.classList.add("busy");
    event.submitter?.classList.add("pressed");
  });
}
addEventListener("pageshow", () => {
  document.body.classList.remove("busy");
  document.querySelectorAll(".pressed").forEach((each) => each.classList.remove("pressed"));
});
