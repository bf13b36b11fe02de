import { openApp, startBrowser } from "./server.js";
import fs from "node:fs";
const tok=/#token=\S+/.exec(fs.readFileSync("/tmp/ui-e2e/serve.log","utf8"))[0];
const b=await startBrowser();
const page=await openApp(b,"http://127.0.0.1:7556/"+tok);
page.setDefaultTimeout(5000);
await page.waitForTimeout(500);
console.log("url", page.url());
await page.screenshot({path:"/tmp/shots/real-lib.png"});
const t=await page.evaluate(async()=>{const t0=performance.now(); [...document.querySelectorAll("[data-testid=document-row] a")].find(a=>a.textContent.includes("Tiger")).click(); while(!document.querySelector("[data-testid=section]")) await new Promise(r=>requestAnimationFrame(r)); await new Promise(r=>requestAnimationFrame(r)); return performance.now()-t0;});
console.log("open ms",t, "sections", await page.locator("[data-testid=section]").count());
await page.screenshot({path:"/tmp/shots/real-doc.png"});
await page.locator("[data-testid=section-body]").nth(2).click({position:{x:30,y:10}});
await page.waitForSelector(".cm-content:focus");
await page.keyboard.type("Written in the browser. ",{delay:20});
await page.waitForFunction(()=>document.querySelector("[data-testid=save-state]").dataset.saving==="false");
await page.waitForTimeout(300);
await page.screenshot({path:"/tmp/shots/real-edit.png"});
console.log(await page.locator("[data-testid=save-state]").innerText(), await page.evaluate(()=>getComputedStyle(document.querySelector(".cm-content")).fontFamily+" "+getComputedStyle(document.querySelector(".cm-editor")).display));
// new doc, completeness etc
await page.click("[data-testid=to-library]");
await page.locator("[data-testid=document-row] a",{hasText:"Payment"}).click();
await page.waitForSelector("[data-testid=section]");
await page.waitForTimeout(300);
await page.screenshot({path:"/tmp/shots/real-new.png"});
console.log(await page.locator("[data-testid=outline-item]").allInnerTexts());
// invite/relay
await b.close();
