// SQLite's C functions, called through linmem only: every pointer, string and blob goes through the manager of the
// heap of sql.js. `c` is the module with the functions (`_sqlite3_open` ...), `heap` the manager.
const OK = 0;
const ROW = 100;
const DONE = 101;
/** The results of sqlite3_column_type. */
const Type = { integer: 1, float: 2, text: 3, blob: 4 };
/** As the destructor of a binding: SQLite reads the bytes in place, and does not free them. */
const STATIC = 0;
/** Bytes a statement keeps for the texts and blobs of one row. Longer ones get separate blocks. */
const BUFFER_BYTES = 2048;

/** One open database. */
export class Database {
  #c;
  #heap;
  #handle;

  constructor(c, heap, file = ':memory:') {
    this.#c = c;
    this.#heap = heap;
    let out, name;
    try {
      out = heap.allocPointer32();
      name = heap.allocNullTerminatedUtf8String(file);
      const status = c._sqlite3_open(name.address, out.address);
      this.#handle = out.value; // set also if it failed: it holds the message, and must be closed
      this.#check(status);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      name?.free();
      out?.free();
    }
  }

  /** Runs one or more statements that return nothing. */
  run(sql) {
    const text = this.#heap.allocNullTerminatedUtf8String(sql);
    try {
      this.#check(this.#c._sqlite3_exec(this.#handle, text.address, 0, 0, 0));
    } finally {
      text.free();
    }
  }

  /** Returns a statement, to be freed by the caller. */
  prepare(sql) {
    let out, text;
    try {
      out = this.#heap.allocPointer32();
      text = this.#heap.allocNullTerminatedUtf8String(sql);
      this.#check(this.#c._sqlite3_prepare_v2(this.#handle, text.address, -1, out.address, 0));
      return new Statement(this.#c, this.#heap, out.value, (status) => this.#check(status));
    } finally {
      text?.free();
      out?.free();
    }
  }

  close() {
    if (this.#handle) this.#c._sqlite3_close_v2(this.#handle);
    this.#handle = 0;
  }

  /** @throws {Error} with the message of SQLite, unless `status` is a success */
  #check(status) {
    if (status === OK || status === ROW || status === DONE) return;
    throw new Error(this.#heap.readNullTerminatedUtf8String(this.#c._sqlite3_errmsg(this.#handle)));
  }
}

/** One prepared statement. Parameters count from 1, columns from 0, as in C. */
class Statement {
  #c;
  #heap;
  #handle;
  #check;
  /** The block for this row's texts and blobs, and the bytes of it in use. */
  #buffer;
  #used = 0;
  /** Blocks for values that did not fit. */
  #extra = [];
  #columns;

  constructor(c, heap, handle, check) {
    this.#c = c;
    this.#heap = heap;
    this.#handle = handle;
    this.#check = check;
    this.#columns = c._sqlite3_column_count(handle);
    try {
      this.#buffer = heap.alloc(BUFFER_BYTES);
    } catch (error) {
      c._sqlite3_finalize(handle);
      throw error;
    }
  }

  bindNumber(index, value) {
    this.#check(
      value === (value | 0)
        ? this.#c._sqlite3_bind_int(this.#handle, index, value)
        : this.#c._sqlite3_bind_double(this.#handle, index, value),
    );
  }

  bindText(index, text) {
    const capacity = text.length * 3 + 1; // a UTF-16 unit takes three bytes of UTF-8 at most
    const at = this.#reserve(capacity);
    const bytes = this.#heap.writeNullTerminatedUtf8String(at, text, capacity);
    this.#check(this.#c._sqlite3_bind_text(this.#handle, index, at, bytes, STATIC));
  }

  bindBlob(index, bytes) {
    this.#heap.writeBytes(this.bindBlobBytes(index, bytes.length), bytes);
  }

  /** Binds a blob of `size` bytes and returns its address: the caller writes it, before the next step. */
  bindBlobBytes(index, size) {
    const at = this.#reserve(size);
    this.#check(this.#c._sqlite3_bind_blob(this.#handle, index, at, size, STATIC));
    return at;
  }

  /** Binds any value: null, a number, a string or a Uint8Array. A parameter never bound is NULL. */
  bind(index, value) {
    if (typeof value === 'number') this.bindNumber(index, value);
    else if (typeof value === 'string') this.bindText(index, value);
    else if (value !== null) this.bindBlob(index, value);
  }

  /** Returns whether there is a row. */
  step() {
    const status = this.#c._sqlite3_step(this.#handle);
    if (status !== ROW && status !== DONE) this.#check(status);
    return status === ROW;
  }

  /** The value of a column: null, a number, a string or a new Uint8Array. */
  column(index) {
    switch (this.#c._sqlite3_column_type(this.#handle, index)) {
      case Type.integer:
      case Type.float:
        return this.#c._sqlite3_column_double(this.#handle, index);
      case Type.text: {
        const at = this.#c._sqlite3_column_text(this.#handle, index);
        return this.#heap.readUtf8String(at, this.#c._sqlite3_column_bytes(this.#handle, index));
      }
      case Type.blob: {
        const at = this.#c._sqlite3_column_blob(this.#handle, index);
        return this.#heap.readBytes(at, this.#c._sqlite3_column_bytes(this.#handle, index));
      }
    }
    return null;
  }

  /** Returns the address of the blob of a column, valid until the next step. */
  columnAddress(index) {
    return this.#c._sqlite3_column_blob(this.#handle, index);
  }

  /** All columns of the row. */
  row() {
    const values = [];
    for (let i = 0; i < this.#columns; i++) values.push(this.column(i));
    return values;
  }

  /** Resets the statement for its next run and clears its bindings. */
  reset() {
    this.#c._sqlite3_reset(this.#handle); // returns the error of the last step, which step has reported
    this.#c._sqlite3_clear_bindings(this.#handle);
    this.#used = 0;
    for (const block of this.#extra.splice(0)) this.#heap.free(block);
  }

  free() {
    this.reset();
    this.#c._sqlite3_finalize(this.#handle);
    this.#heap.free(this.#buffer);
  }

  /** Returns the address of `size` bytes, valid until the reset. */
  #reserve(size) {
    if (size <= BUFFER_BYTES - this.#used) {
      this.#used += size;
      return this.#buffer + this.#used - size;
    }
    const block = this.#heap.alloc(size);
    this.#extra.push(block);
    return block;
  }
}
