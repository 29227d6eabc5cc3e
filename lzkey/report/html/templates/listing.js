const DATA = JSON.parse(document.getElementById("data").textContent);
const STATES = ["NON_COMPLIANT", "UNKNOWN", "WAIVED", "COMPLIANT", "NOT_APPLICABLE"];
const NAMES = ["Non-compliant", "Unknown", "Waived", "Compliant", "Not applicable"];
const ON_A_PAGE = 50;
const ON_PAPER = 250;

// An element with attributes and children; text only ever becomes text.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

function symbol(state) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  made.setAttribute("class", `symbol ${STATES[state]}`);
  made.setAttribute("aria-hidden", "true");
  made.setAttribute("focusable", "false");
  use.setAttribute("href", `#symbol-${STATES[state]}`);
  made.append(use);
  return made;
}

function accountParts([number, name]) {
  const id = element("span", { class: "number" }, number);
  return name ? [element("span", { class: "name" }, name), " ", id] : [id];
}

const grouped = (number) => number.toLocaleString("en-US");
const counted = (number, [one, many]) => `${grouped(number)} ${number === 1 ? one : many}`;

// What is chosen in a form, in words: on paper nobody sees the form.
function chosen(form) {
  const told = [];
  for (const field of form.elements) {
    if (field.type === "checkbox" ? !field.checked : !field.value || !field.name) continue;
    const label = field.labels[0].textContent.trim();
    const value = field.type === "select-one" ? field.selectedOptions[0].textContent : field.value;
    told.push(field.type === "checkbox" ? label : `${label}: ${value}`);
  }
  return told.join("; ");
}

// A table of which a page of rows is shown: those that match the form, in the order of a column.
class Listing {
  constructor(root, { total, row, columns, filter, noun }) {
    Object.assign(this, { total, row, columns, filter, noun });
    this.form = root.querySelector("form");
    this.status = root.querySelector(".count");
    this.chosen = root.querySelector(".chosen");
    this.pager = root.querySelector(".pager");
    this.heads = [...root.querySelectorAll("th[data-sort]")];
    this.body = this.heads[0].closest("table").tBodies[0];
    this.order = Uint32Array.from({ length: total }, (_, number) => number);
    this.first = 0;
    this.size = ON_A_PAGE;
    this.addControls();
    this.find();
  }

  addControls() {
    this.form.hidden = false;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => this.find());
    this.form.querySelector(".clear").addEventListener("click", () => this.clear());
    for (const head of this.heads) {
      const button = element("button", { type: "button", class: "sort" }, head.textContent);
      button.addEventListener("click", () => this.sort(head));
      // Chromium does not repeat a button in the head of a printed table, but text.
      head.replaceChildren(element("span", { class: "printed" }, head.textContent), button);
    }
    this.place = element("span");
    this.turns = ["First", "Previous", "Next", "Last"].map((name) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => this.turn(name));
      return button;
    });
    this.pager.append(this.turns[0], this.turns[1], this.place, this.turns[2], this.turns[3]);
    window.addEventListener("beforeprint", () => this.show(ON_PAPER));
    window.addEventListener("afterprint", () => this.show(ON_A_PAGE));
  }

  clear() {
    this.form.reset();
    this.find();
  }

  sort(head) {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of this.heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const value = this.columns(head.dataset.sort);
    const values = Array.from({ length: this.total }, (_, number) => value(number));
    const sign = direction === "ascending" ? 1 : -1;
    this.order.sort((a, b) => (values[a] < values[b] ? -sign : values[a] > values[b] ? sign : a - b));
    this.find();
  }

  find() {
    this.found = this.order.filter(this.filter(new FormData(this.form)));
    this.first = 0;
    this.show();
  }

  turn(name) {
    const last = Math.max(0, Math.floor((this.found.length - 1) / this.size) * this.size);
    const to = { First: 0, Previous: this.first - this.size, Next: this.first + this.size, Last: last }[name];
    this.first = Math.min(Math.max(0, to), last);
    this.show();
  }

  show(size = this.size) {
    const start = size === ON_PAPER ? 0 : this.first;
    const shown = this.found.subarray(start, start + size);
    this.body.replaceChildren(...Array.from(shown, (number) => this.row(number)));
    this.status.textContent = this.told(start, shown.length);
    const filters = chosen(this.form);
    this.chosen.textContent = `Filter: ${filters}`;
    this.chosen.hidden = !filters;
    const pages = Math.ceil(this.found.length / this.size);
    const page = Math.floor(this.first / this.size) + 1;
    this.place.textContent = `Page ${grouped(page)} of ${grouped(pages)}`;
    this.pager.hidden = pages < 2;
    this.turns.forEach((button, place) => {
      button.setAttribute("aria-disabled", String(place < 2 ? page === 1 : page === pages));
    });
  }

  told(start, number) {
    const all = counted(this.total, this.noun);
    const found = this.found.length;
    if (!found) return this.total ? `No match among ${all}` : `No ${this.noun[0]}`;
    const which = found === number ? "" : `, ${grouped(start + 1)} to ${grouped(start + number)} shown`;
    return found === this.total ? `${all}${which}` : `${grouped(found)} of ${all}${which}`;
  }
}
