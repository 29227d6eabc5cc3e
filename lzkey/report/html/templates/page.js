const { keys, matrix, accounts, regions, texts } = DATA;
const own = new Set(keys.own);
const accountWords = accounts.map((account) => account.join(" ").toLowerCase());
const textWords = texts.map((text) => text.toLowerCase());
const typed = (data, name) => data.get(name).trim().toLowerCase();
const pick = (data, name) => (data.get(name) ? Number(data.get(name)) : null);

// For each account whether its number, name and status contain what is wanted.
function accountsWith(wanted) {
  return accountWords.map((text) => text.includes(wanted));
}

function arn(number) {
  const id = keys.id[number];
  if (id.startsWith("arn:")) return id;
  return `arn:${DATA.partition}:kms:${regions[keys.region[number]]}:${accounts[keys.account[number]][0]}:key/${id}`;
}

let haystack = null;
function searched() {
  haystack ??= Array.from(keys.id, (_, number) => `${arn(number)} ${accountWords[keys.account[number]]} `.toLowerCase());
  return haystack;
}

function evaluated(number) {
  const minute = keys.at[number];
  return minute === null ? "never" : new Date(minute * 60000).toISOString().slice(0, 16).replace("T", " ");
}

function keyFilter(data) {
  const states = new Set(data.getAll("state"));
  const region = pick(data, "region");
  const requirement = pick(data, "requirement");
  const wanted = typed(data, "text").split(/\s+/).filter(Boolean);
  const inAccount = accountsWith(typed(data, "account"));
  const ownOnly = data.has("own");
  const text = wanted.length ? searched() : null;
  return (number) =>
    (!states.size || states.has(keys.state[number])) &&
    (region === null || keys.region[number] === region) &&
    (requirement === null || DATA.failures[keys.failures[number]].includes(requirement)) &&
    (!ownOnly || own.has(number)) &&
    inAccount[keys.account[number]] &&
    (!text || wanted.every((word) => text[number].includes(word) || textWords[keys.text[number]].includes(word)));
}

function keyRow(number) {
  const state = Number(keys.state[number]);
  const cell = (label, ...children) => element("td", { "data-label": label }, ...children);
  const badge = own.has(number) ? [" ", element("span", { class: "own" }, "landing zone")] : [];
  return element(
    "tr",
    {},
    cell("State", element("span", { class: `state ${STATES[state]}` }, symbol(state), ` ${NAMES[state]}`)),
    cell("Key", element("code", { class: "key" }, keys.id[number]), ...badge),
    cell("Account", ...accountParts(accounts[keys.account[number]])),
    cell("Region", regions[keys.region[number]]),
    cell("Evaluated", evaluated(number)),
    cell("What is known", texts[keys.text[number]]),
  );
}

const keyColumns = {
  state: (number) => keys.state[number],
  key: (number) => keys.id[number],
  account: (number) => accountWords[keys.account[number]].slice(13) + accounts[keys.account[number]][0],
  region: (number) => regions[keys.region[number]],
  evaluated: (number) => keys.at[number] ?? -1,
  text: (number) => textWords[keys.text[number]],
};

const keyListing = new Listing(document.getElementById("keys"), {
  total: keys.id.length,
  row: keyRow,
  columns: (name) => keyColumns[name],
  filter: keyFilter,
  noun: ["key", "keys"],
});

// Filter the table of keys by one thing alone, and go there.
function showKeys(name, value) {
  const field = keyListing.form.elements[name];
  keyListing.form.reset();
  field.value = value;
  keyListing.find();
  field.focus();
}

function matrixFilter(data) {
  const state = pick(data, "state");
  const inAccount = accountsWith(typed(data, "account"));
  return (number) =>
    inAccount[matrix.account[number]] &&
    (state === null || matrix.cells[number].some((cell) => (cell ? cell[0] : 1) === state));
}

function matrixRow(number) {
  const account = accounts[matrix.account[number]];
  const button = element("button", { type: "button", class: "link" }, ...accountParts(account));
  button.addEventListener("click", () => showKeys("account", account[0]));
  const status = ["", "ACTIVE"].includes(account[2]) ? [] : [" ", element("span", { class: "status" }, account[2])];
  const cells = matrix.cells[number].map((cell) => {
    const [state, text] = cell ? [cell[0], texts[cell[1]]] : [1, "not in the report"];
    const unseen = element("span", { class: "unseen" }, `${NAMES[state]}: `);
    const shown = cell ? [symbol(state), unseen] : [unseen];
    return element("td", { class: `cell ${cell ? STATES[state] : "silent"}` }, ...shown, element("span", {}, text));
  });
  return element("tr", {}, element("th", { scope: "row" }, button, ...status), ...cells);
}

new Listing(document.getElementById("matrix"), {
  total: matrix.account.length,
  row: matrixRow,
  columns: (name) =>
    name === "account"
      ? (number) => accountWords[matrix.account[number]].slice(13)
      : (number) => (matrix.cells[number][name] ?? [1])[0],
  filter: matrixFilter,
  noun: ["account", "accounts"],
});

for (const link of document.querySelectorAll("[data-key]")) {
  link.addEventListener("click", () => showKeys("text", link.dataset.key));
}

for (const button of document.querySelectorAll("[data-requirement]")) {
  button.hidden = false;
  button.addEventListener("click", () =>
    showKeys("requirement", DATA.requirements.indexOf(button.dataset.requirement)),
  );
}
