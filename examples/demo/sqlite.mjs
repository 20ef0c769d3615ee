// SQLite's C API as a typed binding: its declarations, as they stand in sqlite3.h save for what says which parameters are
// results, and two classes over them.
import { bind, cdef, releaseTemporaries } from '../../dist/index.js'; // yours says 'linmem'

const C = cdef(`
  #define SQLITE_OK 0
  #define SQLITE_ROW 100
  #define SQLITE_DONE 101
  #define SQLITE_INTEGER 1
  #define SQLITE_FLOAT 2
  #define SQLITE_TEXT 3
  #define SQLITE_BLOB 4
  #define SQLITE_STATIC 0      /* as the destructor of a binding: the bytes stay where they are */
  #define SQLITE_TRANSIENT -1  /* SQLite copies them */
  typedef struct sqlite3 sqlite3;
  typedef struct sqlite3_stmt sqlite3_stmt;
  int sqlite3_open(const char *file, _Out_ sqlite3 **db);
  int sqlite3_close_v2(sqlite3 *db);
  const char *sqlite3_errmsg(sqlite3 *db);
  int sqlite3_exec(sqlite3 *db, const char *sql, void *callback, void *user, void *error);
  int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int bytes, _Out_ sqlite3_stmt **statement, void *tail);
  int sqlite3_bind_int(sqlite3_stmt *statement, int index, int value);
  int sqlite3_bind_double(sqlite3_stmt *statement, int index, double value);
  int sqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes, void *destructor);
  int sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *blob, int bytes, void *destructor);
  int sqlite3_step(sqlite3_stmt *statement);
  int sqlite3_reset(sqlite3_stmt *statement);
  int sqlite3_clear_bindings(sqlite3_stmt *statement);
  int sqlite3_finalize(sqlite3_stmt *statement);
  int sqlite3_column_count(sqlite3_stmt *statement);
  int sqlite3_column_type(sqlite3_stmt *statement, int index);
  double sqlite3_column_double(sqlite3_stmt *statement, int index);
  const void *sqlite3_column_text(sqlite3_stmt *statement, int index);
  const void *sqlite3_column_blob(sqlite3_stmt *statement, int index);
  int sqlite3_column_bytes(sqlite3_stmt *statement, int index);
`);
const { SQLITE_OK, SQLITE_ROW, SQLITE_DONE, SQLITE_STATIC, SQLITE_TRANSIENT } = C.constants;
const { SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB } = C.constants;
/** Bytes for the texts of one run of a statement. */
const TEXT_BYTES = 4096;

/** The functions of a module, bound once: engines compile calls of functions that stay the same. */
const libraries = new WeakMap();
function libraryOf(module, heap) {
  if (!libraries.has(module)) libraries.set(module, bind(module, heap, C.functions));
  return libraries.get(module);
}

/** One open database. `module` has the functions (sql.js), `heap` is the heap of that module. */
export class Database {
  #lib;
  #heap;
  #db;

  constructor(module, heap, file = ':memory:') {
    this.#lib = libraryOf(module, heap);
    this.#heap = heap;
    const [status, db] = this.#lib.sqlite3_open(file);
    this.#db = db; // set even when it failed: it holds the message, and must be closed
    try {
      this.#check(status);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Runs one or more statements that return nothing. */
  run(sql) {
    this.#check(this.#lib.sqlite3_exec(this.#db, sql, null, null, null));
  }

  /** Returns a statement, to be freed by the caller. */
  prepare(sql) {
    const [status, statement] = this.#lib.sqlite3_prepare_v2(this.#db, sql, -1, null);
    this.#check(status);
    return new Statement(this.#lib, this.#heap, statement, (code) => this.#check(code));
  }

  close() {
    if (this.#db) this.#lib.sqlite3_close_v2(this.#db);
    this.#db = null;
    releaseTemporaries(this.#lib);
  }

  /** @throws what SQLite says about it, unless `status` is that of a success */
  #check(status) {
    if (status === SQLITE_OK || status === SQLITE_ROW || status === SQLITE_DONE) return;
    throw new Error(this.#lib.sqlite3_errmsg(this.#db));
  }
}

/** One prepared statement. Parameters count from 1, columns from 0, as in C. */
class Statement {
  #lib;
  #heap;
  #statement;
  #check;
  #columns;
  #texts;
  #used = 0;

  constructor(lib, heap, statement, check) {
    this.#lib = lib;
    this.#heap = heap;
    this.#statement = statement;
    this.#check = check;
    this.#columns = lib.sqlite3_column_count(statement);
    this.#texts = heap.alloc(TEXT_BYTES);
  }

  bindNumber(index, value) {
    this.#check(
      value === (value | 0)
        ? this.#lib.sqlite3_bind_int(this.#statement, index, value)
        : this.#lib.sqlite3_bind_double(this.#statement, index, value),
    );
  }
  bindText(index, text) {
    const most = text.length * 3 + 1; // a UTF-16 unit takes three bytes of UTF-8 at most
    if (most > TEXT_BYTES - this.#used) {
      this.#check(this.#lib.sqlite3_bind_text(this.#statement, index, text, -1, SQLITE_TRANSIENT));
      return;
    }
    const at = this.#texts + this.#used;
    const bytes = this.#heap.writeNullTerminatedUtf8String(at, text, most);
    this.#used += bytes + 1;
    this.#check(this.#lib.sqlite3_bind_text(this.#statement, index, at, bytes, SQLITE_STATIC));
  }
  /** Binds the bytes of any ref in the module's heap. They must stay there until the reset, or be copied. */
  bindRef(index, ref, destructor = SQLITE_STATIC) {
    const { byteLength } = ref;
    this.#check(this.#lib.sqlite3_bind_blob(this.#statement, index, ref, byteLength, destructor));
  }
  bindBlob(index, bytes) {
    this.#heap.scope((scope) => this.bindRef(index, scope.allocUint8Array(bytes), SQLITE_TRANSIENT));
  }
  /** Binds any value: null, a number, a string or a Uint8Array. A parameter never bound is NULL. */
  bind(index, value) {
    if (typeof value === 'number') this.bindNumber(index, value);
    else if (typeof value === 'string') this.bindText(index, value);
    else if (value !== null) this.bindBlob(index, value);
  }

  /** Returns whether there is a row. */
  step() {
    const status = this.#lib.sqlite3_step(this.#statement);
    this.#check(status);
    return status === SQLITE_ROW;
  }

  /** The value of a column: null, a number, a string or a copied Uint8Array. */
  column(index) {
    const type = this.#lib.sqlite3_column_type(this.#statement, index);
    if (type === SQLITE_INTEGER || type === SQLITE_FLOAT)
      return this.#lib.sqlite3_column_double(this.#statement, index);
    if (type !== SQLITE_TEXT && type !== SQLITE_BLOB) return null;
    const isText = type === SQLITE_TEXT;
    const at = isText ? this.#lib.sqlite3_column_text(this.#statement, index) : this.columnAddress(index);
    const bytes = this.#lib.sqlite3_column_bytes(this.#statement, index);
    return isText ? this.#heap.readUtf8String(at, bytes) : this.#heap.readBytes(at, bytes);
  }
  /** Where the blob of a column lies, until the next step. */
  columnAddress(index) {
    return this.#lib.sqlite3_column_blob(this.#statement, index);
  }
  /** All columns of the row. */
  row() {
    const values = [];
    for (let i = 0; i < this.#columns; i++) values.push(this.column(i));
    return values;
  }

  /** Makes the statement ready for its next run: nothing is bound. */
  reset() {
    this.#lib.sqlite3_reset(this.#statement); // what it returns is the error of the last step, seen there
    this.#lib.sqlite3_clear_bindings(this.#statement);
    this.#used = 0;
  }
  free() {
    this.#lib.sqlite3_finalize(this.#statement);
    this.#heap.free(this.#texts);
  }
}
