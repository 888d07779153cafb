package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Name names a dialect.
type Name string

// The dialects. MySQL is MariaDB too.
const (
	MySQL    Name = "mysql"
	Postgres Name = "postgres"
	SQLite   Name = "sqlite"
)

// Dialect is how one kind of SQL server differs from the others.
type Dialect struct {
	Name Name
	// Numbered placeholders are $1, $2...; others are question marks.
	Numbered bool
	// Returning: a generated key is asked for with RETURNING, since the driver cannot tell the last one.
	Returning bool
	// Arrays: many rows or values travel as arrays.
	Arrays bool
	// Together is how many rows or values a statement takes: lists are bounded by SQLite's 32,766 parameters.
	Together int
	// Begin begins a transaction that writes. SQLite's takes the only lock there is at once: taking it later, after having
	// read, would find the database busy.
	Begin string
	// Limit, in front of Begin, bounds how long a transaction may be idle and wait for a lock, where Begin does not do so for the
	// transaction alone; Restore, behind its end, gives the connection back as it was. A process that is frozen within a transaction
	// keeps everybody from its rows no longer than that. Empty where nothing is to be bounded.
	Limit, Restore string
	// Mark, behind Begin, sets a savepoint, and Marked, before the commit, fails where it is gone. Galera takes a transaction back in favour
	// of another node's, and a driver that prepares its statements is not always told. What follows must not commit by itself: Limit
	// turns that off. Empty: no need.
	Mark, Marked string
	// Quote encloses an identifier.
	Quote string
	// KeepRow is appended to a SELECT to keep everybody from changing the row until the transaction ends; others may
	// keep it too. Empty where there is no such thing.
	KeepRow string
	// Now is a query of the server's time in Unix milliseconds.
	Now string
	// ValuesList: a list of rows behind IN begins with VALUES.
	ValuesList bool
	// IgnoreBefore and IgnoreAfter have an INSERT pass over rows that exist: in front of INTO, or at the end.
	IgnoreBefore, IgnoreAfter string
	// NewValue, in an upsert's assignment, stands for the value that was to be inserted; %s is the column.
	NewValue string
	// Leading is a condition that the first column of an index has a positive number, where its second is a range; %s is
	// the column. MySQL otherwise reads all of the first where it makes up most of the table.
	Leading string
	// upsert begins the clause that turns an insert of an existing key into an update; %s is the key's columns.
	upsert string
	// Columns lists the columns of a table with its type and length: one placeholder, the table's name.
	Columns string
}

var known = map[Name]Dialect{
	MySQL: {
		Name: MySQL, Together: 500, Begin: "START TRANSACTION", Quote: "`",
		// MySQL, which passes over the comments, bounds the waiting alone.
		Limit: "SET @account_resource_lock = @@SESSION.innodb_lock_wait_timeout, SESSION innodb_lock_wait_timeout = 8" +
			", @account_resource_commit = @@SESSION.autocommit, SESSION autocommit = 0" +
			" /*M!100300 , @account_resource_idle = @@SESSION.idle_transaction_timeout, SESSION idle_transaction_timeout = 10 */",
		Restore: "SET SESSION innodb_lock_wait_timeout = @account_resource_lock, SESSION autocommit = @account_resource_commit" +
			" /*M!100300 , SESSION idle_transaction_timeout = @account_resource_idle */",
		Mark: "SAVEPOINT account_resource", Marked: "RELEASE SAVEPOINT account_resource",
		KeepRow: "LOCK IN SHARE MODE", IgnoreBefore: "IGNORE",
		Now:     "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000",
		Leading: "%s IN (?, 0)", NewValue: "VALUES(%s)", upsert: "ON DUPLICATE KEY UPDATE ",
		Columns: "SELECT column_name, COALESCE(character_maximum_length, 0), COALESCE(character_set_name, '')" +
			" FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
	},
	Postgres: {
		Name: Postgres, Quote: `"`, KeepRow: "FOR SHARE", Numbered: true, Returning: true, Arrays: true, Together: 2000,
		Begin: "BEGIN; SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '10s'",
		// Not that of the beginning of the transaction, which may have waited for a row since.
		Now:     "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
		Leading: "%s = ?", IgnoreAfter: "ON CONFLICT DO NOTHING", NewValue: "EXCLUDED.%s", upsert: "ON CONFLICT (%s) DO UPDATE SET ",
		Columns: "SELECT column_name, COALESCE(character_maximum_length, 0), ''" +
			" FROM information_schema.columns WHERE table_schema = ANY(current_schemas(false)) AND table_name = $1",
	},
	SQLite: {
		Name: SQLite, Together: 500, Begin: "BEGIN IMMEDIATE", Quote: `"`, ValuesList: true, IgnoreAfter: "ON CONFLICT DO NOTHING",
		Now:     "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
		Leading: "%s = ?", NewValue: "excluded.%s", upsert: "ON CONFLICT (%s) DO UPDATE SET ",
		// The declared type is all there is: varchar(255) has its length in it.
		Columns: "SELECT name, COALESCE(CAST(SUBSTR(type, INSTR(type, '(') + 1) AS INTEGER), 0), ''" +
			" FROM pragma_table_info(?)",
	},
}

// Of gives a dialect by its name.
func Of(name Name) Dialect { return known[name] }

// Detect asks the server which it is; the driver does not matter.
func Detect(ctx context.Context, db *sql.DB) (Dialect, error) {
	var version string
	lite := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version)
	if lite == nil {
		return known[SQLite], nil
	}
	err := db.QueryRowContext(ctx, "SELECT version()").Scan(&version)
	switch {
	case err != nil:
		return Dialect{}, fmt.Errorf("ask the database which it is: %w", errors.Join(err, lite))
	case strings.HasPrefix(version, "PostgreSQL"):
		return known[Postgres], nil
	default:
		return known[MySQL], nil
	}
}

// Quoted is the identifier in quotes.
func (d Dialect) Quoted(identifier string) string { return d.Quote + identifier + d.Quote }

// Upsert is the clause behind an insert that makes it an update of the other columns where the key exists. In MySQL
// any unique key counts, so that the caller has to know beforehand that only this one can be met.
func (d Dialect) Upsert(key []string, columns []string) string {
	clause := d.upsert
	if strings.Contains(clause, "%s") {
		clause = fmt.Sprintf(clause, strings.Join(key, ", "))
	}
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = " + fmt.Sprintf(d.NewValue, c)
	}
	return clause + strings.Join(set, ", ")
}

// Placeholders puts the dialect's placeholders in place of the question marks.
func (d Dialect) Placeholders(query string) string {
	if !d.Numbered {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// Like makes the pattern of a LIKE ... ESCAPE '!' that finds part anywhere, whatever it contains.
func Like(part string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(part) + "%"
}
