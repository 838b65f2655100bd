import { describe, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";

describe("sign in with Google", () => {
  it("goes the whole way", async () => {
    const browser = new Browser();
    const start = await browser.open("/api/v1/auth/oauth/google");
    expect(start.status, start.text).toBe(302);
    const back = await browser.signInAtProvider(start.headers.get("location") ?? "", "whole-way@example.com");
    const answer = await browser.open(back);
    expect(answer.status, answer.text).toBe(200);
    console.log(answer.text, back.href);
  });
});
