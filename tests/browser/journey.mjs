// The whole way of a customer through practice mode, played by clicking in a real browser without JavaScript: on a
// telephone and on a desk, in Japanese and in English.
//
//   node journey.mjs URL FOLDER      (scripts/browser starts banto and calls it)
//
// FOLDER gets a picture of each page.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, folder] = process.argv.slice(2);
const telephone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };
const japanese = {
  form: "inquiry", name: "佐々木 奈緒", message: "コーチングの無料体験を希望します。", preferred: "平日の19時以降",
  received: /受付番号/, banner: /練習モード/, receipt: /回答控え/, paid: /お支払い済み/, closed: /終了: 修了/, case: /対応履歴/,
  nextDay: "翌日へ進める", nextEvent: "次の予定へ進める", family: ["佐々木", "奈緒"], kana: ["ささき", "なお"],
  foreign: /[A-Za-z]{3,} [A-Za-z]{3,} [A-Za-z]{3,}/,
};
const english = {
  form: "inquiry-en", name: "Naomi Parker", message: "I would like to book a coaching trial.", preferred: "Weekday evenings",
  received: /Reference number/, banner: /Practice mode/, receipt: /receipt/, paid: /has been paid/, closed: /Closed: complete/, case: /History/,
  nextDay: "To the next day", nextEvent: "To the next event", family: ["Parker", "Naomi"], kana: ["Parker", "Naomi"],
  foreign: /[\u3040-\u30ff]/,
};
const walks = [
  { name: "telephone-ja", viewport: telephone, lang: "ja", words: japanese },
  { name: "desk-en", viewport: desk, lang: "en", words: english },
  { name: "desk-ja", viewport: desk, lang: "ja", words: japanese },
  { name: "telephone-en", viewport: telephone, lang: "en", words: english },
];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-quic"] });
for (const { name, viewport, lang, words } of walks) {
  const context = await browser.newContext({ viewport, javaScriptEnabled: false, locale: "ja-JP" });
  const page = await context.newPage();
  let pictures = 0;
  const look = async (what) => {
    const [shown, wide] = [viewport.width, await page.evaluate("document.documentElement.scrollWidth")];
    assert.ok(wide <= shown, `${what} is ${wide} wide on a screen of ${shown}`);
    const number = String(++pictures).padStart(2, "0");
    await page.screenshot({ path: `${folder}/${name}-${number}-${what}.png`, fullPage: true });
  };
  const says = async (pattern, where = "main") => {
    const text = await page.textContent(where);
    assert.ok(pattern.test(text), `${page.url()} does not say ${pattern}: ${text.slice(0, 400)}`);
  };
  const json = async (path) => (await context.request.get(url + path, { headers: { accept: "application/json" } })).json();
  /// Pages of practice mode are in one language; what people and playbooks are called may be in another.
  const inOneLanguage = async () => {
    for (const part of await page.locator("header, .next .buttons button, h2, h3").allTextContents()) {
      assert.doesNotMatch(part.replace(/English|日本語/, ""), words.foreign, `${page.url()}: ${part}`);
    }
  };
  /// A choice, and a press apart from it.
  const chooses = async (choice) => {
    await choice.check();
    await choice.locator("xpath=ancestor::form").locator("button").click();
  };
  /// The first thing to do in the case, by its button.
  const firstTask = async () => await page.locator(".next ul.todo a.button").first().click();
  /// Back by the bar that practice mode puts on each page of a function.
  const back = async () => await page.locator('p[role="note"] a').click();

  // She finds the practice, and sends an inquiry.
  await page.goto(`${url}/?lang=${lang}`);
  assert.match(await page.textContent(".banner"), words.banner);
  await inOneLanguage();
  await look("start");
  const form = page.locator(`form[action="/hooks/forms/yamada/${words.form}"]`);
  assert.ok(await form.isVisible(), "the form of her language is unfolded");
  const address = `${name}@customer.example`;
  await form.locator('[name="name"]').fill(words.name);
  await form.locator('[name="email"]').fill(address);
  await form.locator('[name="message"]').fill(words.message);
  await form.locator("button").click();
  await says(words.received);
  await look("received");
  await back();
  const id = new URL(page.url()).searchParams.get("case");
  const stands = async () => (await json(`/_local/cases/${id}`)).node;
  await inOneLanguage();
  await look("case");
  const mails = (await json("/_local/mail")).filter((mail) => mail.to === address);
  assert.deepEqual(mails.map((mail) => mail.template), ["missing-info", "acknowledge"]);
  await page.goto(`${url}/_local/mail/${mails[0].id}`);
  await look("mail");

  // What is missing: she forgets a field, is told so, and answers.
  await page.locator('pre a[href*="/a/"]').click();
  await look("questions");
  await page.locator('select[name="field.menu"]').selectOption("trial");
  await page.locator('[name="field.goal"]').fill(words.message);
  await page.locator('[name="field.preferred"]').fill("   ");
  await page.locator("main button").click();
  assert.equal(await page.locator(".bad[role=alert]").count(), 1);
  assert.equal(await page.locator('[name="field.goal"]').inputValue(), words.message);
  await look("corrected");
  await page.locator('[name="field.preferred"]').fill(words.preferred);
  await page.locator("main button").click();
  await says(words.receipt);
  await look("receipt");
  await back();

  // A time for the trial, and what the trial is.
  assert.equal(await stands(), "offer-trial");
  await firstTask();
  await look("slots");
  await chooses(page.locator('input[value*="/"]:enabled').nth(1));
  await says(words.receipt);
  await back();
  assert.equal(await stands(), "trial-info");
  await firstTask();
  await look("trial-info");
  await chooses(page.locator('input[value="agree"]'));
  await back();
  assert.equal(await stands(), "hold-trial");
  await look("booked");
  await firstTask();
  await page.locator('[name="field.theme"]').fill(words.message);
  await page.locator("main button").click();
  await back();

  // One day by its button, then from event to event: until the coach is asked how it went.
  const until = async (asked) => {
    for (let step = 0; step < 30; step++) {
      if ((await json(`/_local/cases/${id}`)).tracks.some((track) => track.question === asked)) return;
      await page.locator(".next .buttons button", { hasText: words.nextEvent }).click();
    }
    assert.fail(`${asked} is never asked`);
  };
  await page.locator(".next .buttons button", { hasText: words.nextDay }).click();
  await until("trial-result");
  await look("after-the-trial");
  await firstTask();
  await look("coach-decides");
  await chooses(page.locator('input[value="signed-up"]'));
  await back();

  // She applies, and pays.
  assert.equal(await stands(), "apply");
  await firstTask();
  await page.locator('select[name="field.plan"]').selectOption("single");
  for (const [n, field] of ["family", "given"].entries()) {
    await page.locator(`[name="field.${field}_name"]`).fill(words.family[n]);
    await page.locator(`[name="field.${field}_kana"]`).fill(words.kana[n]);
  }
  await page.locator('select[name="field.payer"]').selectOption("self");
  await page.locator('select[name="field.payment"]').selectOption("card");
  await page.locator('[name="field.terms"]').check();
  await page.locator('[name="field.law_notice"]').check();
  await look("application");
  await page.locator("main button").click();
  await says(words.receipt);
  await back();
  assert.equal(await stands(), "invoice");
  await look("invoice");
  await firstTask();
  await inOneLanguage();
  await look("pay");
  // The card is refused at first.
  await page.locator('button[value="failed"]').click();
  await page.locator('button[value="paid"]').click();
  await says(words.paid);
  await look("paid");
  await page.locator("main a.button").click();

  // The session, and the survey.
  assert.equal(await stands(), "offer-session");
  await firstTask();
  await chooses(page.locator('input[value*="/"]:enabled').first());
  await back();
  assert.equal(await stands(), "hold-session");
  await until("session-result");
  await firstTask();
  await chooses(page.locator('input[value="held"]'));
  await back();
  await says(words.closed, ".trail .here");
  await look("closed");
  await firstTask();
  await page.locator('select[name="field.satisfaction"]').selectOption("very-good");
  await look("survey");
  await page.locator("main button").click();
  await says(words.receipt);
  await back();

  // The office's side of it.
  const { status, outcome } = await json(`/_local/cases/${id}`);
  assert.deepEqual([status, outcome], ["closed", "complete"]);
  await page.goto(`${url}/_local/cases/${id}`);
  await says(words.case);
  await inOneLanguage();
  await look("history");
  for (const part of ["cases", "mail", "dead-letters"]) {
    await page.goto(`${url}/_local/${part}`);
    await inOneLanguage();
    await look(part);
  }
  await page.goto(url);
  const calendar = await context.request.get(url + (await page.locator('a[href^="/calendar/"]').first().getAttribute("href")));
  assert.match(await calendar.text(), /BEGIN:VCALENDAR/);
  await context.close();
}
await browser.close();
console.log(`${walks.length} walks passed, pictures in ${folder}`);
