/** Addresses percent-coded and read back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coded, decoded } from "../src/percent";
import { whole } from "./page";

test("what may not stand in an address is coded, and what is coded already stays", () => {
  assert.equal(coded(' http://a.example/a b?q="<\u00fc>`\\^{|}[x]#\ud83d\ude00 '), "http://a.example/a%20b?q=%22%3C%C3%BC%3E%60%5C%5E%7B%7C%7D%5Bx%5D#%F0%9F%98%80");
  assert.equal(coded("http://a.example/%20%2541%zz%4%"), "http://a.example/%20%2541%25zz%254%25");
  assert.equal(coded("http://a.example/\ud800x"), "http://a.example/%EF%BF%BDx");
  assert.equal(coded("a;/?:@&=+$,-_.!~*'()#b"), "a;/?:@&=+$,-_.!~*'()#b");
});

test("the brackets of a host that is a number stay", () => {
  assert.equal(coded("http://[::1]:8888/lab?a[b]"), "http://[::1]:8888/lab?a%5Bb%5D");
  assert.equal(coded("http://[x]/"), "http://%5Bx%5D/");
});

test("letters are read, and signs that mean something stay coded", () => {
  assert.equal(decoded("http://a.example/%C3%A9%ff"), "http://a.example/%C3%A9%ff");
  assert.equal(decoded("http://a.example/%C3%A9%2F%3f%25%41/%ff"), "http://a.example/\u00e9%2F%3f%25A/%ff");
});

test("links to hosts by number or in another script go to the host that is named", () => {
  const links = Array.from(whole("<http://[::1]:8888/lab> [x](http://b\u00fccher.example/) http://\u0430pple.example/").querySelectorAll("a"), (link) => new URL(link.href).host);
  assert.deepEqual(links, ["[::1]:8888", "xn--bcher-kva.example", "xn--pple-43d.example"]);
});
