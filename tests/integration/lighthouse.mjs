// Asks Lighthouse about pages: `node lighthouse.mjs MODULES CHROME COOKIE URL...` prints, as JSON,
// what each page falls short of 100 in accessibility and best practices, on a phone and on a desk.
const [modules, chromePath, cookie, ...urls] = process.argv.slice(2);
const { default: lighthouse } = await import(`${modules}/lighthouse/core/index.js`);
const { launch } = await import(`${modules}/chrome-launcher/dist/index.js`);

const desk = { mobile: false, width: 1280, height: 900, deviceScaleFactor: 1, disabled: false };
const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox"] });
const found = [];
for (const url of urls) {
  for (const formFactor of ["mobile", "desktop"]) {
    const { lhr } = await lighthouse(url, {
      port: chrome.port,
      onlyCategories: ["accessibility", "best-practices"],
      formFactor,
      screenEmulation: formFactor === "desktop" ? desk : undefined,
      extraHeaders: cookie ? { Cookie: cookie } : {},
    });
    for (const { id, score, auditRefs } of Object.values(lhr.categories)) {
      if (score === 1) continue;
      const short = auditRefs.filter((one) => one.weight && lhr.audits[one.id].score === 0);
      found.push(`${url} ${formFactor} ${id} ${score * 100}: ${short.map((one) => one.id)}`);
    }
  }
}
await chrome.kill();
console.log(JSON.stringify(found));
