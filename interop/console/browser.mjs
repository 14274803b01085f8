// The test itself. Every check throws with what was expected and what was seen.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const base = process.env.CONSOLE_URL.replace(/\/$/, "");
const images = process.env.IMAGES;
const axeFile = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
const faults = [];
let axeRuns = 0;

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "zh-CN", bypassCSP: false, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    const expected = message.text().includes("404");
    if (message.type() === "error" && !expected) faults.push(`${page.url()}: ${message.text()}`);
  });
  return page;
}

/** axe comes in through the debugger, past the policy that lets no foreign script in. */
async function accessible(page, what) {
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(axeFile, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  axeRuns += 1;
  const lines = violations.map((fault) => `${fault.id}: ${fault.help}\n    ${fault.nodes.slice(0, 4).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("\n    ")}`);
  assert.equal(violations.length, 0, `axe on ${what}:\n  ${lines.join("\n  ")}`);
}

async function shot(page, name, whole = false) {
  await page.waitForTimeout(300);
  await page.screenshot({ path: path.join(images, `${name}.png`), fullPage: whole });
}

async function noSidewaysScroll(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${what} is ${over} px too wide`);
}

/** Waits until a payment is listed: a pilot has none in its first seconds. */
async function untilPaid(page) {
  await page.goto(`${base}/payments`);
  await page.waitForSelector("table.payments tbody a.code", { timeout: 60_000 });
}

async function balance(page) {
  const [sources, sinks] = await page.$$eval("#balance [data-total]", (cells) => cells.map((cell) => cell.textContent.trim()));
  assert.ok(sources, "the balance shows no total");
  assert.equal(sources, sinks, "sources = sinks + losses");
}

async function clickPath() {
  const page = await open({});
  await untilPaid(page);
  await page.click("nav.tabs a[href='/']");
  await page.waitForSelector("#balance");
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  await balance(page);

  await page.waitForFunction(() => document.querySelectorAll("figure .uplot canvas").length === 2);
  const clock = () => page.textContent("#head time");
  const paid = () => page.textContent("#head .big dd");
  const before = [await clock(), await paid()];
  await page.waitForFunction((old) => document.querySelector("#head time").textContent !== old, before[0], { timeout: 10_000 });
  await page.waitForFunction((old) => document.querySelector("#head .big dd").textContent !== old, before[1], { timeout: 30_000 });
  await balance(page);
  await shot(page, "overview-zh", true);

  await page.click("nav.tabs a[href='/meters']");
  await page.waitForSelector("table.fleet");
  const numbers = await page.$$eval("table.fleet tbody tr a.code", (list) => list.map((link) => link.textContent.trim()));
  assert.equal(numbers.length, 68, "60 customers and 8 gateways are listed");
  await shot(page, "meters-zh");
  await page.fill("input[name=q]", numbers[0]);
  await page.click("form.filter button");
  await page.waitForURL(new RegExp(`q=${numbers[0]}`));
  assert.equal(await page.$$eval("table.fleet tbody tr", (list) => list.length), 1, "the filter leaves one meter");
  await page.click("table.fleet tbody a.code");
  await page.waitForSelector("#values");
  await page.click("#contract details summary, #registers details summary");
  await shot(page, "meter-zh", true);
  await page.waitForSelector("#settlements a.code");
  await page.click("#settlements a.code");
  await page.waitForSelector(".story > li");
  await page.click(".story details summary");
  await shot(page, "trace-zh", true);

  await page.click("a.lang");
  await page.waitForSelector("html[lang=en]");
  await page.goto(`${base}/price`);
  assert.equal(await page.getAttribute("html", "lang"), "en", "the cookie keeps the language");
  await page.click(".themes a[href*='theme=dark']");
  await page.waitForSelector("html[data-theme=dark]");
  await shot(page, "price-en-dark", true);
  await page.click("nav.tabs a[href='/']");
  await page.waitForSelector("html[data-theme=dark] #balance");
  await shot(page, "overview-en-dark", true);
  await page.context().close();
}

async function everyPage() {
  const page = await open({});
  await untilPaid(page);
  const payment = await page.getAttribute("table.payments tbody a.code", "href");
  const meter = `/meters/${payment.split("/").pop().split("-")[0]}`;
  const pages = ["/", "/meters", meter, "/payments", payment, "/price", "/analysis", "/nowhere"];
  for (const lang of ["zh", "en"]) {
    for (const theme of ["light", "dark"]) {
      for (const address of pages) {
        await page.goto(`${base}${address}?lang=${lang}&theme=${theme}`);
        await page.waitForTimeout(150);
        await page.$$eval("details", (list) => list.forEach((one) => { one.open = true; }));
        await accessible(page, `${address} ${lang} ${theme}`);
      }
    }
  }
  for (const address of ["/api/overview", "/api/day", "/api/meters", `/api${meter}`, "/api/payments", `/api${payment}`, "/api/price", "/api/analysis", "/healthz"]) {
    const answer = await page.request.get(base + address);
    assert.equal(answer.status(), 200, address);
    assert.ok(await answer.json(), address);
  }
  assert.equal((await page.request.get(`${base}/api/meters/nobody`)).status(), 404);
  await page.context().close();
}

async function onThePhone() {
  const page = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await untilPaid(page);
  const payment = await page.getAttribute("table.payments tbody a.code", "href");
  for (const [address, name] of [["/", "phone-overview-zh"], ["/meters", ""], [payment, "phone-trace-zh"], ["/price", ""], ["/analysis", ""]]) {
    await page.goto(base + address);
    await page.waitForTimeout(400);
    await noSidewaysScroll(page, `${address} on a phone`);
    await accessible(page, `${address} on a phone`);
    if (name) await shot(page, name);
  }
  const bar = await page.locator("nav.tabs").boundingBox();
  assert.ok(Math.abs(bar.y + bar.height - 844) < 2, "the tabs stand at the bottom");
  await page.goto(`${base}/?lang=en`);
  await noSidewaysScroll(page, "the overview in English on a phone");
  await page.context().close();
}

async function withoutScript() {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(base);
  await balance(page);
  assert.ok(await page.locator(".plot svg path").count() >= 1, "a still picture stands in for the chart");
  await page.click("nav.tabs a[href='/meters']");
  await page.click("table.fleet tbody tr a.code");
  assert.ok(await page.isVisible("#wallet"));
  await page.context().close();
}

/** An interrupted stream that has the newest state gets nothing; one that hasn't gets it at once. */
async function resume() {
  const read = async (headers) => {
    const stop = new AbortController();
    const answer = await fetch(`${base}/events`, { headers, signal: stop.signal });
    let text = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\n\n")) break;
    }
    stop.abort();
    return { id: /^id: ?(.*)$/m.exec(text)[1], data: JSON.parse(/^data: ?(.*)$/m.exec(text)[1]) };
  };
  const first = await read({});
  assert.match(first.data.summary.paid, /^\d+$/, "money is an integer string");
  const second = await read({ "Last-Event-ID": first.id });
  assert.notEqual(second.id, first.id, "what was seen isn't sent again");
}

try {
  await clickPath();
  await onThePhone();
  if (!process.env.PICTURES_ONLY) {
    await everyPage();
    await withoutScript();
    await resume();
  }
  assert.deepEqual(faults, [], "errors in the browser");
  process.stdout.write(`console: all checks pass; axe ran on ${axeRuns} pages with 0 violations\n`);
} finally {
  await browser.close();
}
