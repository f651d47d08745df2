// The coded blocks of a baseline JPEG (ITU-T T.81, F.2.2), gone over without making pixels of them.

// A table as a DHT segment has it, from `at` on: by each 16 bits that may come, the length of the code they
// begin with (upper byte) and its symbol; 0 for none.
export function readTable(view, at) {
  const byBits = new Uint16Array(65536);
  let code = 0, symbol = at + 16;
  for (let length = 1; length <= 16; length++) {
    for (let left = view.getUint8(at + length - 1); left > 0; left--) {
      byBits.fill((length << 8) | view.getUint8(symbol++), code, code + (65536 >> length));
      code += 65536 >> length;
    }
  }
  return { byBits, end: symbol };
}

// Where the coded data from `at` on end, if they hold exactly so many MCUs, with a restart marker after every
// `interval` of them (0: none); else -1. blocks: the tables of each block of an MCU, [DC, AC].
export function endOfBlocks(bytes, at, mcus, interval, blocks) {
  const bits = new Bits(bytes, at);
  for (let done = 0, restarts = 0; ; restarts++) {
    const end = interval ? Math.min(done + interval, mcus) : mcus;
    for (; done < end; done++) {
      for (const [dc, ac] of blocks) if (!passBlock(bits, dc, ac)) return -1;
    }
    if (!bits.areSpent) return -1;
    if (done === mcus) return bits.at;
    if (!bits.passRestart(restarts % 8)) return -1;
  }
}

function passBlock(bits, dc, ac) {
  if (!bits.pass(dc)) return false;
  for (let place = 1; place < 64; ) {
    const found = bits.pass(ac), run = (found >> 4) & 15;
    if (!found) return false;
    if (found & 15) place += run + 1;
    else if (run === 15) place += 16;
    else return true;
    if (place > 64) return false;
  }
  return true;
}

class Bits {
  constructor(bytes, at) {
    Object.assign(this, { bytes, at, held: 0, count: 0, lacking: 0 });
  }

  // Past a code and the bits of the number behind it, which it tells; 0 when it is no code of the table.
  pass(table) {
    this.fill();
    const found = table[(this.held >>> (this.count - 16)) & 0xffff];
    this.count -= found >> 8;
    this.fill();
    this.count -= found & 15;
    return found;
  }

  // At least 17 bits; zeros where there are no more.
  fill() {
    for (; this.count <= 16; this.count += 8) {
      let next = this.bytes[this.at];
      if (next === 0xff && this.bytes[this.at + 1] !== 0) next = undefined;
      if (next === undefined) this.lacking += 8;
      else this.at += next === 0xff ? 2 : 1;
      this.held = (this.held << 8) | next;
    }
  }

  // Whether all bits up to the marker were needed, and no more: less than a byte is left over.
  get areSpent() {
    const left = this.count - this.lacking;
    const isMarker = this.bytes[this.at] === 0xff && this.bytes[this.at + 1] > 0;
    return isMarker && left >= 0 && left < 8;
  }

  passRestart(number) {
    const is = this.bytes[this.at + 1] === 0xd0 + number;
    Object.assign(this, { at: this.at + 2, held: 0, count: 0, lacking: 0 });
    return is;
  }
}
