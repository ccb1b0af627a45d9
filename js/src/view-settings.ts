/** Lets the settings of a chat be seen and changed: each is the model's own until it is set. */
import { asksForBreak, breakLine } from "./line-break";
import type { Request } from "./requests";
import { besides, changes, EFFORTS, type FieldName, type Fields, fieldsOf, wrong } from "./settings-form";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { Popup } from "./view-popup";
import { visible } from "./visible";

const OWN = "model\u2019s own";
const LONGEST = 200;
let forms = 0;

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

interface Field {
  control: Control;
  problem: HTMLElement;
}

export class SettingsView {
  readonly button = button("jor-quiet-button jor-settings-button", "Settings", icon("settings"));
  readonly #popup: Popup;
  readonly #form = element("form", "jor-settings");
  readonly #besides = element("div", "jor-besides");
  readonly #note = element("span", "jor-settings-note");
  readonly #save = button("jor-button jor-save", "Save");
  readonly #undo = button("jor-button", "Undo");
  readonly #fields = new Map<FieldName, Field>();
  readonly #request: (request: Request) => Promise<string | null>;
  readonly #id = `jor-settings-${++forms}`;
  #set: Fields = fieldsOf("", {});
  #shown = "";
  #gone = false;
  #sending = false;

  constructor(request: (request: Request) => Promise<string | null>, signal: AbortSignal) {
    this.#request = request;
    this.#popup = new Popup("Settings", () => undefined, signal);
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.setAttribute("aria-expanded", "false");
    this.button.title = "Settings";
    this.#save.type = "submit";
    this.#note.setAttribute("role", "status");
    this.#form.noValidate = true;
    const system = element("textarea", "jor-input");
    system.rows = 4;
    system.dir = "auto";
    system.placeholder = "none";
    this.#form.append(
      this.#field("system", "System prompt", system),
      element(
        "div",
        "jor-settings-grid",
        this.#field("temperature", "Temperature", numberField("decimal"), "0 to 2"),
        this.#field("max_tokens", "Max tokens", numberField("numeric"), "per answer"),
        this.#field("reasoning", "Reasoning effort", selectField(EFFORTS)),
        this.#field("web", "Web search", selectField(["on", "off"])),
      ),
      this.#besides,
      element("div", "jor-settings-foot", this.#note, this.#undo, this.#save),
    );
    this.#popup.root.classList.add("jor-settings-popup");
    this.#popup.root.append(this.#form);
    this.#form.addEventListener("input", () => this.#check(""), { signal });
    this.#form.addEventListener("submit", (event) => this.#onSubmit(event), { signal });
    // JupyterLab keeps Enter in a field from sending the field's form.
    this.#form.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#undo.addEventListener("click", () => this.#fill(this.#set), { signal });
    this.button.addEventListener("click", () => this.#toggle(), { signal });
    this.#check("");
  }

  /** Where the form opens; it must stand in the view. */
  get root(): HTMLElement {
    return this.#popup.root;
  }

  take(system: string, params: Record<string, unknown>, gone: boolean): void {
    const shown = JSON.stringify([system, params, gone]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#gone = gone;
    const [before, typed, now] = [this.#set, this.#typed(), fieldsOf(system, params)];
    this.#set = now;
    // What somebody has typed and not saved stays.
    for (const [name, { control }] of this.#fields) if (typed[name] === before[name]) control.value = now[name];
    this.#showBesides(besides(params));
    this.#check("");
  }

  #toggle(): void {
    if (this.#popup.open) {
      this.#popup.close();
      return;
    }
    this.#check("");
    this.#popup.openAt(this.button);
    this.#fields.get("system")?.control.focus({ preventScroll: true });
  }

  #field(name: FieldName, label: string, control: Control, hint = ""): HTMLElement {
    const [head, problem] = [element("label", "jor-setting-label", label), element("span", "jor-setting-problem")];
    control.id = `${this.#id}-${name}`;
    problem.id = `${control.id}-problem`;
    head.htmlFor = control.id;
    if (hint) head.append(element("span", "jor-setting-hint", hint));
    control.setAttribute("aria-describedby", problem.id);
    this.#fields.set(name, { control, problem });
    return element("div", "jor-setting", head, control, problem);
  }

  #typed(): Fields {
    return Object.fromEntries([...this.#fields].map(([name, { control }]) => [name, control.value])) as unknown as Fields;
  }

  #fill(fields: Fields): void {
    for (const [name, { control }] of this.#fields) control.value = fields[name];
    this.#check("");
    this.#fields.get("system")?.control.focus({ preventScroll: true });
  }

  #check(note: string): void {
    const typed = this.#typed();
    const problems = wrong(typed);
    for (const [name, { control, problem }] of this.#fields) {
      setText(problem, problems[name] ?? "");
      control.setAttribute("aria-invalid", String(problems[name] !== undefined));
    }
    const changed = Object.keys(changes(this.#set, typed)).length > 0;
    const ways = changed && !this.#sending;
    this.#save.disabled = !ways || this.#gone || Object.keys(problems).length > 0;
    this.#undo.disabled = !ways;
    this.button.classList.toggle("jor-unsaved", changed);
    setText(this.#note, this.#gone ? "The kernel is gone." : visible(note));
  }

  #onKey(event: KeyboardEvent): void {
    const box = event.target as Element;
    if (box.matches("textarea") && asksForBreak(event, true)) {
      breakLine(box as HTMLTextAreaElement);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || !(event.target as Element).matches("input")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#form.requestSubmit();
  }

  #onSubmit(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
    if (!this.#save.disabled) void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    this.#check("Saving\u2026");
    const refused = await this.#request({ type: "settings", ...changes(this.#set, this.#typed()) });
    this.#sending = false;
    this.#check(refused === null ? "Saved; the next question is asked so." : `Not saved: ${refused}`);
    if (refused === null && this.#popup.open) this.#popup.close();
  }

  #showBesides(list: readonly [string, string][]): void {
    const rows = list.map(([name, value]) => {
      const short = value.length > LONGEST ? `${value.slice(0, LONGEST)}\u2026` : value;
      return element("div", "jor-besides-row", element("dt", "", visible(name)), element("dd", "", visible(short)));
    });
    this.#besides.replaceChildren(element("p", "jor-setting-label", "Also set from Python"), element("dl", "", ...rows));
    show(this.#besides, rows.length > 0);
  }
}

function numberField(mode: string): HTMLInputElement {
  const field = element("input", "jor-input");
  field.type = "text";
  field.inputMode = mode;
  field.autocomplete = "off";
  field.placeholder = OWN;
  return field;
}

function selectField(values: readonly string[]): HTMLSelectElement {
  const options = ["", ...values].map((value) => {
    const option = element("option", "", value || OWN);
    option.value = value;
    return option;
  });
  return element("select", "jor-input", ...options);
}
