package appdata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends/references"
)

// Kind names an application.
type Kind string

// The applications.
const (
	Roundcube Kind = "roundcube"
	SOGo      Kind = "sogo"
	Amavisd   Kind = "amavisd"
	IRedAPD   Kind = "iredapd"
	IRedAdmin Kind = "iredadmin"
)

// Kinds lists the applications.
func Kinds() []Kind { return []Kind{Roundcube, SOGo, Amavisd, IRedAPD, IRedAdmin} }

// Application is the database of one application, in MariaDB/MySQL or PostgreSQL. It is safe for concurrent use.
type Application struct {
	kind Kind
	db   *sql.DB

	mu     sync.Mutex
	opened *schema // nil until the database answered for the first time
}

// schema is what a database turned out to have.
type schema struct {
	dialect    dialect.Dialect
	references *references.Set
	tables     map[string]bool
}

// knowledge is what an application knows of addresses.
type knowledge struct {
	tables []references.Table
	// rename and forget are statements for one address each, before the tables follow or rows go; delete are for
	// several.
	rename, forget, delete []statement
}

// statement changes the rows of a table. In one for a single address, what stands in braces is a value that fill makes
// of it; in one for several, :list stands for them, in brackets.
type statement struct {
	table, text string
}

var known = map[Kind]knowledge{Roundcube: roundcube, SOGo: sogo, Amavisd: amavisd, IRedAPD: iredapd, IRedAdmin: iredadmin}

// New gives the application whose database db is. Nothing is asked of it yet: it may be down.
func New(kind Kind, db *sql.DB) (*Application, error) {
	if _, exists := known[kind]; !exists {
		return nil, fmt.Errorf("there is no application %q; there are %v", kind, Kinds())
	}
	if db == nil {
		return nil, fmt.Errorf("application %s needs a database", kind)
	}
	return &Application{kind: kind, db: db}, nil
}

// Name is the application's name for people and logs.
func (a *Application) Name() string { return string(a.kind) }

// Rename has everything follow the addresses, in one transaction. The moves are made one beside the other: none leads
// where another comes from. Doing it again is harmless.
func (a *Application) Rename(ctx context.Context, moves []account.Move) error {
	err := a.transaction(ctx, func(tx *dialect.Tx, s *schema) error {
		for _, m := range moves {
			for _, st := range known[a.kind].rename {
				if err := s.one(ctx, tx, st, m); err != nil {
					return err
				}
			}
		}
		return s.references.Rename(ctx, tx, moves)
	})
	if err != nil {
		return fmt.Errorf("rename %d addresses in %s: %w", len(moves), a.kind, err)
	}
	return nil
}

// Delete removes everything that belongs to the addresses, in one transaction. Doing it again is harmless.
func (a *Application) Delete(ctx context.Context, addresses []string) error {
	err := a.transaction(ctx, func(tx *dialect.Tx, s *schema) error {
		for part := range slices.Chunk(addresses, 500) {
			for _, st := range known[a.kind].delete {
				if err := s.many(ctx, tx, st, part); err != nil {
					return err
				}
			}
			for _, address := range part {
				for _, st := range known[a.kind].forget {
					if err := s.one(ctx, tx, st, account.Move{From: address}); err != nil {
						return err
					}
				}
			}
		}
		return s.references.Delete(ctx, tx, addresses)
	})
	if err != nil {
		return fmt.Errorf("delete the data of %d addresses in %s: %w", len(addresses), a.kind, err)
	}
	return nil
}

func (a *Application) transaction(ctx context.Context, work func(*dialect.Tx, *schema) error) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	return s.dialect.Transaction(ctx, a.db, func(tx *dialect.Tx) error { return work(tx, s) })
}

// open finds out once what the database has.
func (a *Application) open(ctx context.Context) (*schema, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.opened != nil {
		return a.opened, nil
	}
	d, err := dialect.Detect(ctx, a.db)
	if err != nil {
		return nil, err
	}
	s := &schema{dialect: d, tables: make(map[string]bool)}
	k := known[a.kind]
	if s.references, err = references.Open(ctx, a.db, d, k.tables); err != nil {
		return nil, err
	}
	for _, st := range slices.Concat(k.rename, k.forget, k.delete) {
		if _, asked := s.tables[st.table]; asked {
			continue
		}
		columns, err := references.Columns(ctx, a.db, d, st.table)
		if err != nil {
			return nil, err
		}
		s.tables[st.table] = len(columns) > 0
	}
	if s.references.Empty() {
		return nil, errors.New("the database has none of the application's tables")
	}
	a.opened = s
	return s, nil
}

// many runs a statement for several addresses.
func (s *schema) many(ctx context.Context, tx *dialect.Tx, st statement, addresses []string) error {
	if !s.tables[st.table] {
		return nil
	}
	var args []any
	parts := strings.Split(st.text, ":list")
	for range len(parts) - 1 {
		for _, a := range addresses {
			args = append(args, s.value(st, a))
		}
	}
	marks := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(addresses)), ", ") + ")"
	return s.exec(ctx, tx, st, strings.Join(parts, marks), args)
}

// one runs a statement for a renaming.
func (s *schema) one(ctx context.Context, tx *dialect.Tx, st statement, m account.Move) error {
	if !s.tables[st.table] {
		return nil
	}
	var text strings.Builder
	var args []any
	for rest := st.text; ; {
		before, after, found := strings.Cut(rest, "{")
		text.WriteString(before)
		if !found {
			break
		}
		template, next, _ := strings.Cut(after, "}")
		text.WriteString("?")
		args = append(args, s.value(st, fill(template, m)))
		rest = next
	}
	return s.exec(ctx, tx, st, text.String(), args)
}

// fill puts addresses in place of from and to; behind a "~" the value is a pattern of LIKE with "!" for an escape, and
// "%" what it stands for there.
func fill(template string, m account.Move) string {
	from, to := m.From, m.To
	if pattern, is := strings.CutPrefix(template, "~"); is {
		escape := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
		template, from, to = pattern, escape.Replace(from), escape.Replace(to)
	}
	return strings.NewReplacer("from", from, "to", to).Replace(template)
}

// value is what a statement compares with: Amavisd keeps addresses as bytes.
func (s *schema) value(st statement, text string) any {
	if st.table == "mailaddr" || st.table == "wblist" || st.table == "outbound_wblist" {
		return []byte(text)
	}
	return text
}

func (s *schema) exec(ctx context.Context, tx *dialect.Tx, st statement, text string, args []any) error {
	if _, err := tx.ExecContext(ctx, s.dialect.Placeholders(text), args...); err != nil {
		return fmt.Errorf("%s: %w", st.table, err)
	}
	return nil
}
