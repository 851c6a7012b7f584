// The way of a visitor through practice mode, in a real browser without JavaScript, on a telephone and on a desk.
//
//   node journey.mjs URL FOLDER      (scripts/browser starts banto and calls it)
//
// FOLDER gets a picture of each page.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, folder] = process.argv.slice(2);
const screens = [
  { name: "telephone", viewport: { width: 390, height: 844 }, form: "inquiry", answer: "平日の19時以降", receipt: "回答控え" },
  { name: "desk", viewport: { width: 1280, height: 800 }, form: "inquiry-en", answer: "Weekday evenings", receipt: "receipt" },
];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-quic"] });
for (const screen of screens) {
  const context = await browser.newContext({ viewport: screen.viewport, javaScriptEnabled: false, locale: "ja-JP" });
  const page = await context.newPage();
  const look = async (name) => {
    const [wide, shown] = [await page.locator("body").boundingBox(), screen.viewport.width];
    assert.ok(wide.width <= shown, `${name} is ${wide.width} wide on a screen of ${shown}`);
    await page.screenshot({ path: `${folder}/${screen.name}-${name}.png`, fullPage: true });
  };

  await page.goto(url);
  assert.match(await page.textContent(".banner"), /練習モード/);
  await look("start");
  const address = `${screen.name}@customer.example`;
  const form = page.locator(`form[action="/hooks/forms/yamada/${screen.form}"]`);
  // A form that is folded away opens by its summary.
  if (!(await form.isVisible())) await page.locator("summary", { has: page.locator("xpath=.."), hasText: "英語" }).first().click();
  await form.locator('[name="name"]').fill("佐々木 奈緒");
  await form.locator('[name="email"]').fill(address);
  await form.locator('[name="message"]').fill("コーチングの無料体験を希望します。");
  await form.locator("button").click();
  assert.match(await page.textContent("main"), /受付番号/);
  await look("received");

  // Her mailbox: the acknowledgement first, then the question.
  const idle = await context.request.post(`${url}/_local/idle`);
  assert.equal(idle.status(), 200);
  const mails = await (await context.request.get(`${url}/_local/mail`, { headers: { accept: "application/json" } })).json();
  const hers = mails.filter((mail) => mail.to === address);
  assert.deepEqual(hers.map((mail) => mail.template), ["missing-info", "acknowledge"]);
  await page.goto(`${url}/_local/mail/${hers[0].id}`);
  await look("mail");
  await page.locator('pre a[href*="/a/"]').click();

  // The page of the question: she forgets a field, is told so, and answers.
  await look("question");
  await page.locator('select[name="field.menu"]').selectOption("trial");
  await page.locator('[name="field.goal"]').fill("転職");
  await page.locator('[name="field.preferred"]').fill("   ");
  await page.locator("button").click();
  assert.equal(await page.locator(".bad[role=alert]").count(), 1);
  assert.equal(await page.locator('[name="field.goal"]').inputValue(), "転職");
  await look("corrected");
  await page.locator('[name="field.preferred"]').fill(screen.answer);
  await page.locator("button").click();
  assert.match(await page.textContent("main"), new RegExp(screen.receipt));
  await look("receipt");

  await page.goto(`${url}/_local/cases/${hers[0].case}`);
  await look("case");
  await page.goto(url);
  await page.locator(".next button").click();
  assert.match(await page.textContent("main"), /次にできること/);
  await context.close();
}
await browser.close();
console.log(`${screens.length} journeys passed, pictures in ${folder}`);
