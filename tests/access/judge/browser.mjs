// Judge a page with axe in a browser, wide and narrow, light and dark, and once more after a click: browser.mjs CHROMIUM URL SELECTOR.
// Prints one finding a line.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [executablePath, url, pressed] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// A sandbox of the browser's own needs rights that a container does not give; the page is the project's.
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
for (const scheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const page = await browser.newPage();
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(url, { waitUntil: "networkidle0" });
    await page.evaluate(axe);
    const judge = async (when) => {
      const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
      const findings = violations.map((one) => `${one.id}: ${one.nodes.length} times, first ${one.nodes[0].html}`);
      if (!passes.length) findings.push("axe judged nothing");
      if (wide) findings.push("the page is wider than the window");
      findings.forEach((one) => console.log(`${scheme}, ${width} pixels, ${when}: ${one}`));
    };
    await judge("as it opens");
    await page.click(pressed);
    await judge(`${pressed} pressed`);
    await page.close();
  }
}
await browser.close();
