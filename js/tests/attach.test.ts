/** What can be attached, and how it travels: in pieces, in order, each when the one before was taken. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isText, kindOf, kindRefused, markedAs, modalitiesOf, MOST_BYTES, sizeRefused } from "../src/attachable";
import { PIECE, Upload } from "../src/upload";
import { type Asked, bytesOf, PDF, PNG, wire } from "./desk-doubles";

test("a file goes as its type says, by its name where the type says nothing, and else by its bytes", () => {
  const kinds = [
    ["a.png", "image/png"], ["a.PNG", ""], ["a.jpg", "image/jpeg"], ["a.pdf", "application/pdf"], ["a.pdf", "application/octet-stream"],
    ["a.mp3", "audio/mpeg"], ["a.m4a", "audio/x-m4a"], ["a.csv", "text/csv"], ["a.ipynb", "application/x-ipynb+json"], ["a.txt", "text/plain;charset=utf-8"],
  ].map(([name, type]) => kindOf(name as string, type as string)?.kind);
  assert.deepEqual(kinds, ["image", "image", "image", "file", "file", "audio", "audio", "text", "text", "text"]);
  assert.deepEqual([kindOf("a.py", ""), kindOf("a.heic", "image/heic"), kindOf("a.zip", "application/zip"), kindOf("a.png", "application/zip")], [null, null, null, null]);
});

test("bytes are text when they are UTF-8 without a zero, also where the look ends inside a character", () => {
  const bytes = new TextEncoder().encode("caf\u00e9");
  assert.deepEqual([isText(bytes, true), isText(bytes.slice(0, 4), false), isText(bytes.slice(0, 4), true)], [true, true, false]);
  assert.deepEqual([isText(new Uint8Array([65, 0, 66]), true), isText(new Uint8Array([0xff, 0xfe]), false)], [false, false]);
});

test("size and type are refused in words", () => {
  assert.deepEqual([sizeRefused(0), sizeRefused(MOST_BYTES), sizeRefused(MOST_BYTES + 1)], ["it is empty", null, "it is larger than 20 MB"]);
  assert.match(kindRefused("image/heic"), /PNG, JPEG/);
  assert.match(kindRefused("application/zip"), /images, PDFs/);
});

test("only images and sound need a model that takes them", () => {
  assert.deepEqual([...modalitiesOf([{ kind: "image" }, { kind: "file" }, { kind: "text" }, { kind: "audio" }, { kind: "image" }])], ["image", "audio"]);
});

test("an upload goes in pieces of at most 512 KiB, each after the one before was taken, and none is lost", async () => {
  const bytes = Uint8Array.from({ length: 2 * PIECE + 7 }, (_, at) => PNG[at] ?? at % 251);
  const { sent, answer, carrier } = wire();
  const upload = new Upload(new Blob([bytes], { type: "image/png" }), "a.png", carrier, () => undefined);
  const offsets: number[] = [];
  const got: Uint8Array[] = [];
  for (let piece = 0; piece < 3; piece++) {
    const { request, buffers } = await sent(piece);
    assert.ok(request.type === "upload" && request.upload === upload.id && request.size === bytes.length && request.mime === "image/png");
    offsets.push(request.offset);
    assert.ok((buffers[0] as ArrayBuffer).byteLength <= PIECE);
    got.push(new Uint8Array(buffers[0] as ArrayBuffer));
    assert.equal(upload.whole, false);
    answer(piece, null);
  }
  assert.equal(await upload.ended, null);
  assert.deepEqual([offsets, upload.whole, upload.sent], [[0, PIECE, 2 * PIECE], true, bytes.length]);
  assert.ok(Buffer.concat(got).equals(bytes));
});

test("a piece that is refused ends the upload with the reason", async () => {
  const { all, answer, sent, carrier } = wire();
  const upload = new Upload(new Blob([bytesOf(PDF, PIECE + 1)], { type: "application/pdf" }), "a.pdf", carrier, () => undefined);
  await sent(0);
  answer(0, "this is no PDF");
  assert.equal(await upload.ended, "this is no PDF");
  assert.deepEqual([all.length, upload.whole, upload.reason], [1, false, "this is no PDF"]);
});

test("what cannot go is never sent: too large, empty, or of no kind that can", async () => {
  const { all, carrier } = wire();
  const reason = (parts: BlobPart[], type: string, name: string) => new Upload(new Blob(parts, { type }), name, carrier, () => undefined).ended;
  assert.match((await reason([new Uint8Array(MOST_BYTES + 1)], "image/png", "a.png")) ?? "", /larger than 20 MB/);
  assert.match((await reason([], "image/png", "a.png")) ?? "", /empty/);
  assert.match((await reason([new Uint8Array([80, 75, 0, 4])], "application/zip", "a.zip")) ?? "", /only images/);
  assert.deepEqual(all, []);
});

test("a file whose bytes are not what its name or type says is refused at once, and is never sent", async () => {
  const { all, carrier } = wire();
  const reason = (parts: BlobPart[], type: string, name: string) => new Upload(new Blob(parts, { type }), name, carrier, () => undefined).ended;
  assert.equal(await reason([new Uint8Array(4000).fill(0xff)], "image/png", "x.png"), "it is no image, whatever its name says");
  assert.equal(await reason(["words"], "", "x.jpg"), "it is no image, whatever its name says");
  assert.equal(await reason(["words"], "application/pdf", "x.pdf"), "it is no PDF, whatever its name says");
  assert.deepEqual(all, []);
});

test("an image or a PDF is known by its bytes, whatever its name or type", async () => {
  const marks = [[PNG], [[0xff, 0xd8, 0xff]], [[..."GIF89a"].map((one) => one.charCodeAt(0))], [[..."RIFF1234WEBP"].map((one) => one.charCodeAt(0))], [PDF], [PNG.slice(1)]];
  assert.deepEqual(marks.map(([mark]) => markedAs(bytesOf(mark as number[], 40))?.mime ?? ""), ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", ""]);
  const { sent, carrier } = wire();
  const upload = new Upload(new Blob([bytesOf(PNG, 9)], { type: "application/zip" }), "x.zip", carrier, () => undefined);
  assert.deepEqual([(await sent(0)).request.type, upload.kind, upload.mime], ["upload", "image", "image/png"]);
});

test("a file without a type that holds text goes as text", async () => {
  const { all, carrier } = wire(true);
  const upload = new Upload(new Blob(["print('caf\u00e9')"]), "a.py", carrier, () => undefined);
  assert.equal(await upload.ended, null);
  assert.deepEqual([upload.kind, (all[0] as Asked).request.type], ["text", "upload"]);
});

test("an upload that is removed half way sends no more of it, and tells the kernel", async () => {
  const { all, answer, sent, carrier } = wire();
  const upload = new Upload(new Blob([bytesOf(PNG, 3 * PIECE)], { type: "image/png" }), "a.png", carrier, () => undefined);
  await sent(0);
  answer(0, null);
  await sent(1);
  upload.discard();
  answer(1, null);
  assert.equal(await upload.ended, "it was removed");
  assert.deepEqual(all.map(({ request }) => request.type), ["upload", "upload", "discard"]);
});

test("an upload that is removed while its only piece is on its way is not left with the kernel", async () => {
  const { all, answer, sent, carrier } = wire();
  const upload = new Upload(new Blob([bytesOf(PNG, 40)], { type: "image/png" }), "a.png", carrier, () => undefined);
  await sent(0);
  upload.discard();
  answer(0, null);
  assert.deepEqual([await upload.ended, upload.whole, all.map(({ request }) => request.type)], ["it was removed", false, ["upload", "discard"]]);
});

test("a name that is too long keeps its end", async () => {
  const { all, carrier } = wire(true);
  await new Upload(new Blob(["text"], { type: "text/plain" }), `${"a".repeat(300)}.csv`, carrier, () => undefined).ended;
  const { request } = all[0] as Asked;
  assert.ok(request.type === "upload" && request.name.length === 255 && request.name.endsWith(".csv"));
});

test("a file that cannot be read says so", async () => {
  const { carrier } = wire();
  const broken = { size: 3, type: "image/png", slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotFoundError")) }) } as unknown as Blob;
  assert.equal(await new Upload(broken, "a.png", carrier, () => undefined).ended, "it cannot be read (NotFoundError)");
});
