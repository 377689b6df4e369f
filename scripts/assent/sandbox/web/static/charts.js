// Draws the Mermaid charts of a page, and says on <body> how that went: data-charts is "ready" when
// every chart is an SVG, "failed" when some could not be drawn, "missing" without Mermaid.
"use strict";

(async () => {
  const charts = [...document.querySelectorAll(".chart")];
  const tell = (state) => { document.body.dataset.charts = state; };
  if (charts.length === 0) {
    tell("ready");
    return;
  }
  if (typeof mermaid === "undefined") {
    charts.forEach((chart) => chart.classList.add("chart-undrawn"));
    tell("missing");
    return;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    theme: dark ? "dark" : "default",
    suppressErrorRendering: true,
  });
  let failed = 0;
  for (const [index, chart] of charts.entries()) {
    const source = chart.querySelector(".chart-source");
    try {
      // The text as it is: Mermaid must not read it as HTML once more.
      const { svg } = await mermaid.render(`chart-${index}`, source.textContent);
      const drawn = document.createElement("div");
      drawn.className = "chart-drawn";
      drawn.innerHTML = svg;
      chart.append(drawn);
      source.hidden = true;
    } catch (error) {
      failed += 1;
      const note = document.createElement("p");
      note.className = "chart-note";
      note.textContent = "Mermaid could not draw this chart: " + String(error.message ?? error).split("\n")[0];
      chart.classList.add("chart-undrawn");
      chart.prepend(note);
    }
  }
  tell(failed ? "failed" : "ready");
})();
