package references

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// Table is a table whose rows name mail addresses.
type Table struct {
	Name string
	// Key are the columns of a unique key that an address is part of; none where no two rows can come to be the same.
	Key []string
	// Owned are the columns whose address takes the row along when it goes; Named those that are only emptied then,
	// Kept those that stay as they are. All follow a renaming.
	Owned, Named, Kept []string
	// Binary: the columns hold bytes (Amavisd).
	Binary bool
}

func (t *Table) columns() []string { return slices.Concat(t.Owned, t.Named, t.Kept) }

// Set is those tables of a list that a database has.
type Set struct {
	dialect dialect.Dialect
	sql     squirrel.StatementBuilderType
	tables  []Table
}

// chunk is how many values stand in one list: bounded by SQLite's 32,766 parameters.
const chunk = 500

// Open finds out which tables and columns there are; what is missing is left out.
func Open(ctx context.Context, db *sql.DB, d dialect.Dialect, tables []Table) (*Set, error) {
	s := &Set{dialect: d, sql: squirrel.StatementBuilder}
	if d.Numbered {
		s.sql = s.sql.PlaceholderFormat(squirrel.Dollar)
	}
	for _, t := range tables {
		found, err := Columns(ctx, db, d, t.Name)
		if err != nil {
			return nil, err
		}
		missing := func(c string) bool { return !found[c] }
		t.Owned = slices.DeleteFunc(slices.Clone(t.Owned), missing)
		t.Named = slices.DeleteFunc(slices.Clone(t.Named), missing)
		t.Kept = slices.DeleteFunc(slices.Clone(t.Kept), missing)
		if slices.ContainsFunc(t.Key, missing) {
			t.Key = nil
		}
		if len(t.columns()) > 0 {
			s.tables = append(s.tables, t)
		}
	}
	return s, nil
}

// Columns are the names of a table's columns in lower case; none where there is no such table.
func Columns(ctx context.Context, db *sql.DB, d dialect.Dialect, table string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, d.Columns, table)
	if err != nil {
		return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	found := make(map[string]bool)
	for rows.Next() {
		var name, charset string
		var length int
		if err := rows.Scan(&name, &length, &charset); err != nil {
			return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
		}
		found[strings.ToLower(name)] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
	}
	return found, nil
}

// Empty tells that the database has none of the tables.
func (s *Set) Empty() bool { return len(s.tables) == 0 }

// Rename has every row follow its address, in the caller's transaction. No account may have an address that a move
// leads to, unless it moves away itself; rows that only name such an address give way where both would be the same.
func (s *Set) Rename(ctx context.Context, tx *dialect.Tx, moves []account.Move) error {
	for _, pass := range account.RenamePhases(moves) {
		for part := range slices.Chunk(pass, chunk) {
			for i := range s.tables {
				if err := s.rename(ctx, tx, &s.tables[i], part); err != nil {
					return fmt.Errorf("rename addresses in %s: %w", s.tables[i].Name, err)
				}
			}
		}
	}
	return nil
}

// rename has the rows of a table follow. Where the columns are part of a unique key, rows are looked for once, and changed by that
// key: hardly any of these columns is indexed alone, and a change by such a column reads all rows and locks them until the end.
func (s *Set) rename(ctx context.Context, tx *dialect.Tx, t *Table, moves []account.Move) error {
	if len(t.Key) > 0 {
		if err := s.renameKeys(ctx, tx, t, moves); err != nil {
			return err
		}
	}
	for _, column := range t.columns() {
		if slices.Contains(t.Key, column) {
			continue
		}
		where := squirrel.Eq{s.quoted(column): s.values(t, froms(moves))}
		if named, err := s.any(ctx, tx, t, where); err != nil || !named {
			if err != nil {
				return err
			}
			continue
		}
		statement := s.sql.Update(t.Name).Set(s.quoted(column), s.Follow(s.quoted(column), moves, t.Binary)).Where(where)
		if _, err := squirrel.ExecContextWith(ctx, tx, statement); err != nil {
			return err
		}
	}
	return nil
}

// any reports whether a table has such a row.
func (s *Set) any(ctx context.Context, tx *dialect.Tx, t *Table, where squirrel.Sqlizer) (found bool, err error) {
	rows, err := squirrel.QueryContextWith(ctx, tx, s.sql.Select("1").From(t.Name).Where(where).Limit(1))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Next(), rows.Err()
}

// renameKeys changes the columns that are part of the key, and deletes the rows that give way.
func (s *Set) renameKeys(ctx context.Context, tx *dialect.Tx, t *Table, moves []account.Move) error {
	moving, losing, err := s.movingRows(ctx, tx, t, moves)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(losing, keyChunk) {
		if _, err := squirrel.ExecContextWith(ctx, tx, s.sql.Delete(t.Name).Where(s.withKeys(t, part))); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(moving, keyChunk) {
		statement := s.sql.Update(t.Name).Where(s.withKeys(t, part))
		for _, c := range t.columns() {
			if slices.Contains(t.Key, c) {
				statement = statement.Set(s.quoted(c), s.Follow(s.quoted(c), moves, t.Binary))
			}
		}
		if _, err := squirrel.ExecContextWith(ctx, tx, statement); err != nil {
			return err
		}
	}
	return nil
}

// keyChunk is how many keys stand in one condition.
const keyChunk = 200

// withKeys is the condition of rows with these keys.
func (s *Set) withKeys(t *Table, keys [][]string) squirrel.Sqlizer {
	any := make(squirrel.Or, len(keys))
	for i, key := range keys {
		all := make(squirrel.And, len(t.Key))
		for j, c := range t.Key {
			all[j] = squirrel.Eq{s.quoted(c): s.values(t, []string{key[j]})}
		}
		any[i] = all
	}
	return any
}

// Follow is the expression that turns the address in a column into what it becomes.
func (s *Set) Follow(column string, moves []account.Move, binary bool) squirrel.Sqlizer {
	which := squirrel.Case(column)
	for _, m := range moves {
		from, to := squirrel.Expr("?", m.From), squirrel.Expr("?", m.To)
		if binary {
			from, to = squirrel.Expr("?", []byte(m.From)), squirrel.Expr("?", []byte(m.To))
			if s.dialect.Name == dialect.Postgres { // it would take the result for text
				to = squirrel.Expr("CAST(? AS bytea)", []byte(m.To))
			}
		}
		which = which.When(from, to)
	}
	return which.Else(column)
}

// movingRows returns the keys of rows that name an address that moves, and of those that give way since another row would get the
// same key.
func (s *Set) movingRows(ctx context.Context, tx *dialect.Tx, t *Table, moves []account.Move) (moving, losing [][]string, err error) {
	becomes := make(map[string]string, len(moves))
	addresses := froms(moves)
	for _, m := range moves {
		becomes[m.From] = m.To
		addresses = append(addresses, m.To)
	}
	type row struct {
		key   []string
		moved int
	}
	rows, err := s.rows(ctx, tx, t, addresses)
	if err != nil {
		return nil, nil, err
	}
	winner := make(map[string]row, len(rows))
	for _, key := range rows {
		next, r := slices.Clone(key), row{key: key}
		for i, c := range t.Key {
			if to, moves := becomes[strings.ToLower(key[i])]; moves && slices.Contains(t.columns(), c) {
				next[i] = to
				r.moved++
			}
		}
		final := strings.Join(next, "\x00")
		rival, taken := winner[final]
		switch {
		case !taken:
			winner[final] = r
		case rival.moved >= r.moved:
			losing = append(losing, r.key)
		default:
			losing = append(losing, rival.key)
			winner[final] = r
		}
	}
	for _, r := range winner {
		if r.moved > 0 {
			moving = append(moving, r.key)
		}
	}
	slices.SortFunc(moving, slices.Compare[[]string])
	return moving, losing, nil
}

// rows reads the keys of the rows that name one of the addresses.
func (s *Set) rows(ctx context.Context, tx *dialect.Tx, t *Table, addresses []string) (keys [][]string, err error) {
	quoted := make([]string, len(t.Key))
	for i, c := range t.Key {
		quoted[i] = s.quoted(c)
	}
	where := squirrel.Or{}
	for _, c := range t.columns() {
		if slices.Contains(t.Key, c) {
			where = append(where, squirrel.Eq{s.quoted(c): s.values(t, addresses)})
		}
	}
	rows, err := squirrel.QueryContextWith(ctx, tx, s.sql.Select(quoted...).From(t.Name).Where(where).OrderBy(quoted...))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		key := make([]string, len(quoted))
		into := make([]any, len(quoted))
		for i := range key {
			into[i] = &key[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// Delete removes the rows of addresses, and the addresses from the rows of others, in the caller's transaction.
func (s *Set) Delete(ctx context.Context, tx *dialect.Tx, addresses []string) error {
	for part := range slices.Chunk(addresses, chunk) {
		for i := range s.tables {
			if err := s.delete(ctx, tx, &s.tables[i], part); err != nil {
				return fmt.Errorf("delete addresses from %s: %w", s.tables[i].Name, err)
			}
		}
	}
	return nil
}

func (s *Set) delete(ctx context.Context, tx *dialect.Tx, t *Table, addresses []string) error {
	owned := t.Owned
	if len(t.Key) > 0 && !slices.ContainsFunc(t.Key, func(c string) bool { return !slices.Contains(t.Owned, c) }) {
		keys, err := s.rows(ctx, tx, t, addresses)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(keys, keyChunk) {
			if _, err := squirrel.ExecContextWith(ctx, tx, s.sql.Delete(t.Name).Where(s.withKeys(t, part))); err != nil {
				return err
			}
		}
		owned = slices.DeleteFunc(slices.Clone(owned), func(c string) bool { return slices.Contains(t.Key, c) })
	}
	for _, c := range slices.Concat(owned, t.Named) {
		where := squirrel.Eq{s.quoted(c): s.values(t, addresses)}
		named, err := s.any(ctx, tx, t, where)
		if err != nil {
			return err
		}
		var statement squirrel.Sqlizer = s.sql.Delete(t.Name).Where(where)
		if slices.Contains(t.Named, c) {
			statement = s.sql.Update(t.Name).Set(s.quoted(c), "").Where(where)
		}
		if named {
			if _, err := squirrel.ExecContextWith(ctx, tx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Set) quoted(column string) string { return s.dialect.Quoted(column) }

func (s *Set) values(t *Table, texts []string) any {
	if !t.Binary {
		return texts
	}
	all := make([][]byte, len(texts))
	for i, text := range texts {
		all[i] = []byte(text)
	}
	return all
}

func froms(moves []account.Move) []string {
	list := make([]string, len(moves))
	for i, m := range moves {
		list[i] = m.From
	}
	return list
}
