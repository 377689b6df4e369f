// Mermaid itself is a classic script (mermaid.js, beside this file), which the page loads before any
// module runs; this hands it on to the module that draws the diagrams. Pages without a diagram do not
// load it, and the search page, whose content nobody knows beforehand, asks for it nevertheless.
const nothingToDraw = {initialize() {}, async run() {}};
export default globalThis.mermaid ?? nothingToDraw;
