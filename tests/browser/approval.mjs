// What somebody wrote waits for a second person: a scanner that runs scripts and presses everything decides nothing; a
// reader changes a line, a colleague approves, the customer gets exactly that, and the receipt says who. Played in a real
// browser, on a telephone and on a desk, in Japanese and in English.
//
//   node approval.mjs URL FOLDER      (scripts/browser starts banto and calls it)
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, folder] = process.argv.slice(2);
const walks = [
  {
    name: "telephone-ja", viewport: { width: 390, height: 844 }, client: "yamada", customer: "rin@customer.example",
    inquiry: { name: "<b>西川 凛</b>", email: "rin@customer.example", message: "どのような場所で受けられますか。" },
    subject: "場所についてのお問い合わせ", text: "オンラインで承っております。\n詳しくは https://yamada-coaching.example/guide をご覧ください。",
    anew: "オンライン(Zoom)で承っております。\n詳しくは https://yamada-coaching.example/guide をご覧ください。", note: "Zoomと書き添えました。",
    receipt: /回答控え/, said: "Zoom",
  },
  {
    name: "desk-en", viewport: { width: 1280, height: 800 }, client: "harbor", customer: "rowan@customer.example",
    inquiry: { name: "Rowan Field", email: "rowan@customer.example", message: "Where does it take place?" },
    subject: "Where it takes place", text: "We meet online.", anew: "We meet online, by video call.", note: "Said how.",
    receipt: /receipt/, said: "video call",
  },
];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-quic"] });
for (const walk of walks) {
  const context = await browser.newContext({ viewport: walk.viewport, javaScriptEnabled: false, locale: "ja-JP" });
  const page = await context.newPage();
  let pictures = 0;
  const look = async (what) => {
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    assert.ok(wide <= walk.viewport.width, `${what} is ${wide} wide on a screen of ${walk.viewport.width}`);
    await page.screenshot({ path: `${folder}/approval-${walk.name}-${++pictures}-${what}.png`, fullPage: true });
  };
  const json = async (path) => (await context.request.get(path, { headers: { accept: "application/json" } })).json();
  const idle = async () => assert.ok((await context.request.post(`${url}/_local/idle`)).ok());
  const mails = async () => { await idle(); return json(`${url}/_local/mail`); };
  /// The newest link about the case that still asks something.
  const link = async (id, template) => {
    for (const mail of (await mails()).filter((m) => m.case === id && m.template === template)) {
      const found = mail.text.match(/http\S+\/a\/\S+/)?.[0];
      if (found && (await json(found)).open) return found;
    }
    assert.fail(`no open ${template} of ${id}`);
  };
  const press = async (answer, fields) => {
    const choice = page.locator(`input[name="answer"][value="${answer}"]`);
    const form = choice.locator("xpath=ancestor::form");
    await choice.check();
    const fieldset = choice.locator("xpath=ancestor::fieldset");
    for (const [name, value] of Object.entries(fields)) {
      await fieldset.locator(`[name="field.${name}"]`).fill(value);
    }
    const confirm = form.locator('select[name="confirm"]');
    if (await confirm.count()) await confirm.selectOption("yes");
    await look(`before-${answer}`);
    await form.locator('button[type="submit"]').click();
  };

  const reply = await context.request.post(`${url}/hooks/forms/${walk.client}/inquiry`, { form: walk.inquiry });
  assert.equal(reply.status(), 202);
  const id = (await reply.json()).case;
  await page.goto(await link(id, "attend"));
  await press("replied", { subject: walk.subject, text: walk.text });
  const first = await link(id, "approve");

  // A scanner follows the link with scripts on, clicks everything that can be clicked, and sends nothing by hand.
  const scanner = await browser.newContext({ viewport: walk.viewport });
  const robot = await scanner.newPage();
  for (const what of ["button, a, summary", "input, label, button, select, summary", "button"]) {
    await robot.goto(first);
    const count = await robot.locator(what).count();
    for (let n = 0; n < count; n++) {
      await robot.locator(what).nth(n).click({ force: true, timeout: 500, noWaitAfter: true }).catch(() => {});
      if (robot.url() !== first) await robot.goto(first);
    }
  }
  await scanner.close();
  assert.equal((await json(first)).open, true, "a scanner decided");
  assert.ok(!(await mails()).some((m) => m.to.includes(walk.customer) && m.template === "reply"), "a scanner sent a mail");

  // A reader sees the mail as it will leave, and writes a line anew; somebody else approves that.
  await page.goto(first);
  assert.equal(await page.locator("b", { hasText: "西川" }).count(), 0, "a name is no markup");
  await look("waits");
  await press("change", { subject: walk.subject, text: walk.anew, note: walk.note });
  assert.match(await page.textContent("main"), walk.receipt);
  const second = await link(id, "approve");
  assert.notEqual(new URL(second).pathname.split(".")[3], new URL(first).pathname.split(".")[3], "asked of somebody else");
  await page.goto(second);
  await look("changed");
  const shown = (await json(second)).mail;
  await press("approve", {});
  assert.match(await page.textContent("main"), walk.receipt);
  await look("receipt");
  const sent = (await mails()).find((m) => m.to.includes(walk.customer) && m.template === "reply");
  assert.equal(sent.text.replaceAll("\r\n", "\n"), shown.text, "what left is what was shown");
  assert.ok(sent.text.includes(walk.said) && sent.subject === walk.subject);
  await context.close();
}
await browser.close();
console.log(`${walks.length} approvals passed, pictures in ${folder}`);
