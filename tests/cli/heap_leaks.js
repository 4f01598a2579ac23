// Leaks of each kind for heap_leaks.sh: heap snapshots of a program that keeps what it should not, one kind after the
// other, and at last one that keeps what it may.
//
// usage: node heap_leaks.js FOLDER: writes FOLDER/KIND-1.heapsnapshot, -2 and -3 of each kind; the first one of a kind
// is the last one of the kind before.
'use strict';
const events = require('events');
const fs = require('fs');
const v8 = require('v8');
const folder = process.argv[2];

class Session {
  constructor(id) {
    this.id = id;
    this.text = 'session ' + id + ' ' + 'x'.repeat(100);
  }
}

class Shop {
  constructor() {
    this.bus = new events.EventEmitter().setMaxListeners(0);
    this.target = new EventTarget();
    this.byId = new Map();
    this.history = [];
    this.undo = null;
    this.recent = [];
  }
}
const shop = new Shop();
events.setMaxListeners(0, shop.target);
const KINDS = {
  listeners: (s) => shop.bus.on('change', () => s.id),
  eventtarget: (s) => shop.target.addEventListener('change', () => s.id),
  map: (s) => shop.byId.set(s.id, s),
  array: (s) => shop.history.push(s),
  closure: (s) => { const before = shop.undo; shop.undo = () => [s, before]; },
  timers: (s) => setInterval(() => s.id, 1e6).unref(),
  none: (s) => { shop.recent[s.id % 500] = s; },
};
let n = 0;
function round(kind) {
  for (let i = 0; i < 1000; i++)
    KINDS[kind](new Session(n++));
}
for (const kind of Object.keys(KINDS))
  round(kind);
const name = (kind, i) => folder + '/' + kind + '-' + i + '.heapsnapshot';
let before = null;
for (const kind of Object.keys(KINDS)) {
  if (before)
    fs.linkSync(name(before, 3), name(kind, 1));
  else
    v8.writeHeapSnapshot(name(kind, 1));
  for (let i = 2; i <= 3; i++) {
    round(kind);
    v8.writeHeapSnapshot(name(kind, i));
  }
  before = kind;
}
process.exit();
